"""Generations of the index in an object store, shared by builders and readers."""

from footnote_qa.index.replication.follower import Follower, StoreState
from footnote_qa.index.replication.generation_store import GenerationStore, Pointer
from footnote_qa.index.replication.object_store import ObjectStore, StoredObject
from footnote_qa.index.replication.shared_directory import SharedIndexDirectory

__all__ = [
    "Follower",
    "GenerationStore",
    "ObjectStore",
    "Pointer",
    "SharedIndexDirectory",
    "StoreState",
    "StoredObject",
]
