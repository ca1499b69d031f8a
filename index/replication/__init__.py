"""Generations of the index in an object store, shared by builders and readers."""

from index.replication.follower import Follower, StoreState
from index.replication.generation_store import GenerationStore, Pointer
from index.replication.object_store import ObjectStore, StoredObject
from index.replication.shared_directory import SharedIndexDirectory

__all__ = [
    "Follower",
    "GenerationStore",
    "ObjectStore",
    "Pointer",
    "SharedIndexDirectory",
    "StoreState",
    "StoredObject",
]
