"""Real servers for tests, each on loopback with a directory of its own: Valkey, Redis, Kafka, PostgreSQL.

All have the same verbs (`trunkline.testing.servers.base.Server`), so a fault is written once and befalls any of them.
"""

from trunkline.testing.errors import ServerFailedError, ServerMissingError
from trunkline.testing.servers.base import Server
from trunkline.testing.servers.kafka import ExternalKafka, Kafka
from trunkline.testing.servers.postgres import Postgres
from trunkline.testing.servers.redis import Redis, Valkey

__all__ = ["ExternalKafka", "Kafka", "Postgres", "Redis", "Server", "ServerFailedError", "ServerMissingError", "Valkey"]
