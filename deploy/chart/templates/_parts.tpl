{{- define "footnote.name" -}}
{{- printf "%s" .Release.Name | trunc 45 | trimSuffix "-" -}}
{{- end -}}

{{- define "footnote.labels" -}}
app.kubernetes.io/name: footnote
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "footnote.selector" -}}
app.kubernetes.io/name: footnote
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- /* What a person must decide, checked before anything is made */ -}}
{{- define "footnote.check" -}}
{{- if and (not .Values.index.store) (not .Values.data.claim) -}}
{{- fail "set index.store, or data.claim: the bot and the builder need a place for the index that both reach" -}}
{{- end -}}
{{- if and (gt (int .Values.bot.replicas) 1) (not .Values.state.secret) -}}
{{- fail "more than one replica needs PostgreSQL: set state.secret" -}}
{{- end -}}
{{- if and (not .Values.state.secret) (not .Values.data.claim) -}}
{{- fail "without state.secret the state is in the data folder: set data.claim, or it is lost with the pod" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (ne .Values.bot.mode "http") -}}
{{- fail "the ingress is for bot.mode http" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) -}}
{{- fail "set ingress.host to the name that Slack calls" -}}
{{- end -}}
{{- if le (int .Values.bot.terminationGracePeriodSeconds) (add 35 (int .Values.bot.preStopSeconds) | int) -}}
{{- fail "bot.terminationGracePeriodSeconds must be more than preStopSeconds and 35: a pod would be killed while it answers" -}}
{{- end -}}
{{- end -}}

{{- define "footnote.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "footnote.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "footnote.environment" -}}
- name: FOOTNOTE_DATA_DIR
  value: /data
{{- with .Values.state.secret }}
- name: FOOTNOTE_STATE__URL
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: {{ $.Values.state.key }}
{{- end }}
{{- with .Values.index.store }}
- name: FOOTNOTE_INDEX__STORE
  value: {{ . | quote }}
{{- end }}
{{- with .Values.index.endpoint }}
- name: FOOTNOTE_INDEX__STORE_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- if .Values.caConfigMap }}
{{- range list "SSL_CERT_FILE" "REQUESTS_CA_BUNDLE" "AWS_CA_BUNDLE" "GIT_CONFIG_VALUE_0" }}
- name: {{ . }}
  value: /etc/footnote-ca/ca.crt
{{- end }}
- name: GIT_CONFIG_COUNT
  value: "1"
- name: GIT_CONFIG_KEY_0
  value: http.sslCAInfo
{{- end }}
{{- with .Values.proxy.url }}
- name: HTTPS_PROXY
  value: {{ . | quote }}
- name: NO_PROXY
  value: {{ $.Values.proxy.noProxy | quote }}
{{- end }}
{{- end -}}

{{- define "footnote.mounts" -}}
- name: data
  mountPath: /data
- name: tmp
  mountPath: /tmp
- name: settings
  mountPath: /etc/footnote
  readOnly: true
{{- if .Values.answers.claim }}
- name: answers
  mountPath: /data/answers
{{- end }}
{{- if .Values.caConfigMap }}
- name: ca
  mountPath: /etc/footnote-ca
  readOnly: true
{{- end }}
{{- end -}}

{{- define "footnote.volumes" -}}
- name: tmp
  emptyDir: {}
- name: settings
  configMap:
    name: {{ include "footnote.name" . }}
{{- with .Values.answers.claim }}
- name: answers
  persistentVolumeClaim:
    claimName: {{ . }}
{{- end }}
{{- with .Values.caConfigMap }}
- name: ca
  configMap:
    name: {{ . }}
{{- end }}
{{- end -}}
