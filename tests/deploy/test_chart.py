"""The chart for Kubernetes: what Helm makes of it is valid, and keeps its promises."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from footnote_qa.bot.slack.app import DRAIN_S
from tests.deploy.helm import CHART, find_helm, rendered, template

pytestmark = pytest.mark.slow

VERSIONS = ("1.30", "1.35", "1.37")
HTTP = ["--set", "bot.mode=http", "--set", "ingress.enabled=true", "--set", "ingress.host=b.test"]
FOLDER = ["--set", "index.store=", "--set", "data.claim=shared"]
ALONE = [*FOLDER, "--set", "state.secret=", "--set", "bot.replicas=1"]
FULL = [
    *("--set", "caConfigMap=company-ca", "--set", "proxy.url=http://proxy.test:3128"),
    *("--set", "answers.claim=answers", "--set", "build.cacheClaim=cache"),
    *("--set", "image.pullSecrets={pull}", "--set", "build.secrets={wiki}"),
    *("--set", "ingress.tlsSecret=tls", "--set", "ingress.className=nginx"),
    *("--set-json", 'build.volumes=[{"name":"docs","nfs":{"server":"nfs.test","path":"/d"}}]'),
    *("--set-json", 'build.volumeMounts=[{"name":"docs","mountPath":"/documents"}]'),
    *("--set-json", 'bot.tolerations=[{"key":"a","operator":"Exists"}]'),
    *("--set", "bot.nodeSelector.disk=ssd", "--set-string", "bot.environment.OMP_NUM_THREADS=2"),
    *("--set-json", 'networkPolicy.egress=[{"ports":[{"protocol":"TCP","port":3128}]}]'),
    *("--set", "networkPolicy.from=null", "--set-string", "bot.annotations.team=docs"),
]
CASES = {
    "as it comes": [],
    "http": HTTP,
    "everything set": [*HTTP, *FULL],
    "a shared folder": FOLDER,
    "one replica, no PostgreSQL": ALONE,
    "without builder and policy": ["--set", "build.enabled=false,networkPolicy.enabled=false"],
}


@pytest.fixture(scope="session")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return find_helm(tmp_path_factory.mktemp("helm"))


@pytest.mark.parametrize("arguments", CASES.values(), ids=CASES)
def test_what_helm_makes_is_valid(helm: Path, arguments: list[str]) -> None:
    for one in rendered(helm, *arguments):
        for version in VERSIONS:
            kubernetes_validate.validate(one, version, strict=True)


def test_a_wrong_field_would_be_found(helm: Path) -> None:
    (one,) = (each for each in rendered(helm) if each["kind"] == "Deployment")
    one["spec"]["template"]["spec"]["containers"][0]["livenessProb"] = {}

    with pytest.raises(kubernetes_validate.ValidationError, match="livenessProb"):
        kubernetes_validate.validate(one, VERSIONS[-1], strict=True)


def pods(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found = {}
    for one in objects:
        if one["kind"] == "Deployment":
            found["bot"] = one["spec"]["template"]["spec"]
        if one["kind"] == "CronJob":
            found["build"] = one["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return found


def only(objects: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    (one,) = (each for each in objects if each["kind"] == kind)
    return one


@pytest.mark.parametrize("arguments", CASES.values(), ids=CASES)
def test_every_pod_has_no_more_rights_than_it_needs(helm: Path, arguments: list[str]) -> None:
    for pod in pods(rendered(helm, *arguments)).values():
        (container,) = pod["containers"]
        rights = container["securityContext"]
        assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["runAsUser"]) == (
            True,
            10001,
        )
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert rights == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert pod["automountServiceAccountToken"] is False
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
        assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("arguments", CASES.values(), ids=CASES)
def test_kubernetes_adds_no_variable_that_footnote_takes_for_a_setting(
    helm: Path, arguments: list[str]
) -> None:
    """With a Service named footnote, `FOOTNOTE_PORT=tcp://…` would end the bot at its start."""
    for pod in pods(rendered(helm, *arguments)).values():
        assert pod["enableServiceLinks"] is False


def test_secrets_are_named_and_never_written_out(helm: Path) -> None:
    objects = rendered(helm, *HTTP, *FULL)

    assert [one for one in objects if one["kind"] == "Secret"] == []
    bot = pods(objects)["bot"]["containers"][0]
    assert [one["secretRef"]["name"] for one in bot["envFrom"]] == [
        "footnote-slack",
        "footnote-store",
    ]
    (url,) = (one for one in bot["env"] if one["name"] == "FOOTNOTE_STATE__URL")
    assert url["valueFrom"] == {"secretKeyRef": {"name": "footnote-state", "key": "url"}}
    builder = pods(objects)["build"]["containers"][0]
    named = [one["secretRef"]["name"] for one in builder["envFrom"]]
    assert named == ["footnote-store", "wiki"]  # not Slack's


def test_a_pod_has_the_time_to_drain(helm: Path) -> None:
    pod = pods(rendered(helm, *HTTP))["bot"]

    wait_s = int(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] >= wait_s + DRAIN_S + 15
    assert wait_s >= 5


def test_probes_ask_what_the_bot_serves(helm: Path) -> None:
    for arguments, option in ((HTTP, "--http"), ([], "--health")):
        (container,) = pods(rendered(helm, *arguments))["bot"]["containers"]
        paths = {
            name: container[name]["httpGet"]["path"]
            for name in ("startupProbe", "livenessProbe", "readinessProbe")
        }

        assert container["args"][:4] == ["slack", "run", option, "0.0.0.0:8080"]
        assert paths == {
            "startupProbe": "/healthz",
            "livenessProbe": "/healthz",
            "readinessProbe": "/readyz",
        }
        assert container["ports"] == [{"name": "http", "containerPort": 8080}]


def test_an_upgrade_takes_no_replica_away_before_the_next_is_ready(helm: Path) -> None:
    objects = rendered(helm)

    assert only(objects, "Deployment")["spec"]["strategy"]["rollingUpdate"] == {
        "maxUnavailable": 0,
        "maxSurge": 1,
    }
    assert only(objects, "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    alone = only(rendered(helm, *ALONE), "Deployment")
    assert alone["spec"]["strategy"] == {"type": "Recreate"}  # one SQLite file


def test_selectors_choose_the_pods_they_mean(helm: Path) -> None:
    objects = rendered(helm, *HTTP)
    labels = {
        "bot": only(objects, "Deployment")["spec"]["template"]["metadata"]["labels"],
        "build": only(objects, "CronJob")["spec"]["jobTemplate"]["spec"]["template"]["metadata"][
            "labels"
        ],
    }

    def chosen(selector: Mapping[str, str]) -> set[str]:
        return {name for name, has in labels.items() if selector.items() <= has.items()}

    assert chosen(only(objects, "Service")["spec"]["selector"]) == {"bot"}
    assert chosen(only(objects, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"]) == {
        "bot"
    }
    assert chosen(only(objects, "Deployment")["spec"]["selector"]["matchLabels"]) == {"bot"}
    policy = only(objects, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"]
    assert chosen(policy) == {"bot", "build"}


def test_the_network_policy_lets_through_only_what_is_needed(helm: Path) -> None:
    policy = only(rendered(helm), "NetworkPolicy")["spec"]

    assert policy["policyTypes"] == ["Ingress", "Egress"]
    (entry,) = policy["ingress"]
    assert [port["port"] for port in entry["ports"]] == [8080]
    assert entry["from"]
    ports = {port["port"] for rule in policy["egress"] for port in rule["ports"]}
    assert ports == {53, 443, 5432}
    closed = only(rendered(helm, "--set", "networkPolicy.from=null"), "NetworkPolicy")
    assert closed["spec"]["ingress"] == []  # nobody, not everybody


def test_the_ingress_passes_on_events_alone(helm: Path) -> None:
    from footnote_qa.bot.slack.inbound import EVENTS_PATH

    (rule,) = only(rendered(helm, *HTTP), "Ingress")["spec"]["rules"]

    assert [(one["path"], one["pathType"]) for one in rule["http"]["paths"]] == [
        (EVENTS_PATH, "Exact")
    ]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--set", "index.store="], "data.claim"),
        (["--set", "state.secret="], "PostgreSQL"),
        (["--set", "state.secret=,bot.replicas=1"], "lost with the pod"),
        (["--set", "ingress.enabled=true"], "bot.mode http"),
        (["--set", "ingress.enabled=true,bot.mode=http"], "ingress.host"),
        (["--set", "bot.preStopSeconds=30"], "killed while it answers"),
        (["--set", "bot.replica=2"], "replica"),
        (["--set", "index.store=ftp://x"], "pattern"),
    ],
)
def test_values_that_cannot_work_are_refused(
    helm: Path, arguments: list[str], complaint: str
) -> None:
    done = template(helm, *arguments)

    assert done.returncode != 0
    assert complaint in done.stderr


def test_the_settings_of_the_chart_are_settings_of_footnote(helm: Path, tmp_path: Path) -> None:
    from footnote_qa.bot.settings import load

    text = only(rendered(helm), "ConfigMap")["data"]["footnote.toml"]
    (tmp_path / "footnote.toml").write_text(text, encoding="utf-8")

    settings = load(tmp_path / "footnote.toml")

    assert [str(source.path) for source in settings.sources] == ["/documents"]


def test_every_value_is_in_the_schema_and_is_used() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    templates = "".join(file.read_text() for file in (CHART / "templates").iterdir())

    def leaves(tree: Mapping[str, Any], known: Mapping[str, Any], path: str) -> Iterator[str]:
        for name, value in tree.items():
            assert name in known, f"{path}{name} is not in the schema"
            inner = known[name].get("properties")
            if isinstance(value, dict) and inner:
                yield from leaves(value, inner, f"{path}{name}.")
            else:
                yield f".Values.{path}{name}"

    unused = [leaf for leaf in leaves(values, schema["properties"], "") if leaf not in templates]
    assert unused == []
