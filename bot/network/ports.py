"""The ports people say by name, and which ports belong to a service at all.

Names as people type them; one name may mean several ports. Numbers are IANA's or the product's own
default.
"""

from __future__ import annotations

from collections.abc import Iterable

PORTS: dict[str, tuple[int, ...]] = {
    # databases
    "postgres": (5432,),
    "pgbouncer": (6432,),
    "mysql": (3306, 33060),
    "mssql": (1433,),
    "oracle": (1521, 2484),
    "db2": (50000,),
    "redshift": (5439,),
    "cockroachdb": (26257,),
    "clickhouse": (8123, 9000),
    "mongo": (27017, 27018, 27019),
    "cassandra": (9042, 9142),
    "neo4j": (7474, 7687),
    "influxdb": (8086,),
    "redis": (6379, 6380),
    "memcached": (11211,),
    "elasticsearch": (9200, 9300),
    "opensearch": (9200, 9300),
    # queues and coordination
    "kafka": (9092, 9094, 9096, 9098),
    "rabbitmq": (5671, 5672),
    "nats": (4222,),
    "mqtt": (1883, 8883),
    "zookeeper": (2181,),
    "etcd": (2379, 2380),
    "consul": (8500, 8501),
    "vault": (8200,),
    # administration
    "ssh": (22,),
    "telnet": (23,),
    "rdp": (3389,),
    "vnc": (5900,),
    "winrm": (5985, 5986),
    "docker": (2375, 2376),
    "kubernetes": (6443,),
    "kubelet": (10250,),
    "prometheus": (9090,),
    "node-exporter": (9100,),
    # the rest of everyday
    "ftp": (20, 21),
    "tftp": (69,),
    "smtp": (25, 465, 587),
    "pop3": (110, 995),
    "imap": (143, 993),
    "rexec": (512,),
    "rlogin": (513,),
    "rsync": (873,),
    "dns": (53,),
    "http": (80,),
    "https": (443,),
    "http-alt": (8080,),
    "https-alt": (8443,),
    "ntp": (123,),
    "snmp": (161, 162),
    "ldap": (389,),
    "ldaps": (636,),
    "kerberos": (88,),
    "smb": (445,),
    "nfs": (2049,),
    "syslog": (514, 6514),
}

SYNONYMS: dict[str, str] = {
    "postgresql": "postgres",
    "pg": "postgres",
    "mariadb": "mysql",
    "aurora": "mysql",
    "sqlserver": "mssql",
    "sql-server": "mssql",
    "mongodb": "mongo",
    "documentdb": "mongo",
    "elasticache": "redis",
    "valkey": "redis",
    "memcache": "memcached",
    "elastic": "elasticsearch",
    "es": "elasticsearch",
    "scylla": "cassandra",
    "amqp": "rabbitmq",
    "k8s": "kubernetes",
    "cifs": "smb",
    "efs": "nfs",
    "mail": "smtp",
}

# Numbers of IP protocols, by IANA, that flow logs commonly show.
PROTOCOLS: dict[int, str] = {
    1: "icmp",
    2: "igmp",
    4: "ipip",
    6: "tcp",
    17: "udp",
    41: "ipv6",
    47: "gre",
    50: "esp",
    51: "ah",
    58: "icmpv6",
    132: "sctp",
}

# Ports behind which whoever gets in rules the machine.
ADMINISTRATION: tuple[int, ...] = tuple(
    port
    for name in (
        *("ssh", "telnet", "rexec", "rlogin", "rdp", "vnc", "winrm", "docker"),
        *("kubernetes", "kubelet"),
    )
    for port in PORTS[name]
)

DATABASES: tuple[int, ...] = tuple(
    port
    for name in (
        *("postgres", "pgbouncer", "mysql", "mssql", "oracle", "db2", "redshift", "cockroachdb"),
        *("clickhouse", "mongo", "cassandra", "neo4j", "influxdb", "redis", "memcached"),
        "elasticsearch",
    )
    for port in PORTS[name]
)

# Ports on which what is sent can be read on the way, by the protocol that each is meant for.
PLAINTEXT: tuple[int, ...] = (
    *(20, 21, 23, 25, 69, 80, 110, 143, 161, 389, 512, 513, 514, 873),
    *(1883, 2375, 5900, 5985, 6379, 8080, 8123, 9200, 11211),
)

# Where Linux starts to hand out ports to clients. A number above says nothing about service.
EPHEMERAL_FROM = 32768

# Ports from 1024 that a service, not a client, is most likely behind.
SERVICE_PORTS: tuple[int, ...] = tuple(
    sorted(
        {port for ports in PORTS.values() for port in ports if 1024 <= port < EPHEMERAL_FROM},
    )
)

_NAME_OF: dict[int, str] = {port: name for name in reversed(PORTS) for port in PORTS[name]}


def ports_named(name: str) -> tuple[int, ...]:
    """The ports under a name, whatever its case; empty when there is no such name."""
    plain = name.strip().lower()
    return PORTS.get(SYNONYMS.get(plain, plain), ())


def names() -> tuple[str, ...]:
    """Every name and synonym."""
    return (*PORTS, *SYNONYMS)


def service(port: int) -> str:
    """The name of the service a port is known for; empty when there is none."""
    return _NAME_OF.get(port, "")


def protocol(number: int) -> str:
    """The name of an IP protocol; its number where it has none here."""
    return PROTOCOLS.get(number, str(number))


def is_service(port: int) -> bool:
    """Whether the number is a service's rather than one a client was handed."""
    return 0 < port < 1024 or port in SERVICE_PORTS


def described(port: int) -> str:
    """A port with its service's name where it has one: 5432 (postgres)."""
    name = service(port)
    return f"{port} ({name})" if name else str(port)


def spoken(ports: Iterable[int]) -> str:
    """Ports as one says them: `port 5432 (postgres)`, `ports 27017–27019 (mongo)`."""
    numbers = sorted(set(ports))
    runs = _runs(numbers)
    text = ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)
    known = list(dict.fromkeys(service(port) for port in numbers))
    named = f" ({known[0]})" if len(known) == 1 and known[0] else ""
    return f"{'port' if len(numbers) == 1 else 'ports'} {text}{named}"


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs
