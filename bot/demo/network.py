"""The demo's network: one VPC, two zones, three tiers. Plain data; `rules.py` says who may talk.

Internet hosts have documentation addresses (RFC 5737): visitors 203.0.113.0/24, scanners
198.51.100.0/24, other companies' services and our own public addresses 192.0.2.0/24. Only S3 has
addresses that AWS publishes for it, since nothing else can be recognised as S3.
"""

from __future__ import annotations

from dataclasses import dataclass

ACCOUNT = "123456789012"
REGION = "us-east-1"
VPC_ID = "vpc-0fb7732f4b7723008"
VPC_RANGE = "10.20.0.0/16"
INTERNET_GATEWAY_ID = "igw-02e1275d3eafe4fc0"
NAT_GATEWAY_ID = "nat-0ac04ecbf44c3934f"
FLOW_LOG_ID = "fl-073505f2f4febfd46"
PUBLIC_ROUTES_ID = "rtb-066da1a868571d855"
S3_ROUTES_ID = "rtb-0e471972251db9ec2"  # app-a's: with the gateway endpoint for S3
PRIVATE_ROUTES_ID = "rtb-038ca408b48cee29c"
S3_ENDPOINT_ID = "vpce-04cdaf7cd5abe0749"
S3_PREFIX_LIST_ID = "pl-63a5400a"  # AWS's own list for S3 in us-east-1
S3_RANGES = ("52.216.0.0/15", "54.231.0.0/16")
ZONE_IDS = {"us-east-1a": "use1-az4", "us-east-1b": "use1-az6"}

# Who looks after the hosts of a security group: the `team` tag of its instances.
TEAMS = {
    "app": "shop",
    "worker": "shop",
    "db": "data",
    "cache": "data",
    "ops": "platform",
    "bastion": "platform",
}


@dataclass(frozen=True, slots=True)
class Subnet:
    """`s3_endpoint`: whether its route table has the gateway endpoint, or S3 is behind the NAT."""

    name: str
    id: str
    range: str
    zone: str
    public: bool = False
    s3_endpoint: bool = False


@dataclass(frozen=True, slots=True)
class Host:
    """A network interface and what it belongs to. `groups` are names of security groups.

    `ports` are the ephemeral ports its connections start from, first and last.
    """

    name: str
    address: str
    subnet: Subnet
    interface_id: str
    groups: tuple[str, ...] = ()
    instance_id: str | None = None  # a load balancer's and a NAT gateway's interfaces have none
    public_address: str | None = None
    ports: tuple[int, int] = (32768, 60999)  # Linux


PUBLIC_A = Subnet("public-a", "subnet-0e3c5258209cc5bc7", "10.20.0.0/24", "us-east-1a", public=True)
PUBLIC_B = Subnet("public-b", "subnet-01381864a6ca0d863", "10.20.1.0/24", "us-east-1b", public=True)
APP_A = Subnet("app-a", "subnet-0ee895e5d7aa9e432", "10.20.10.0/24", "us-east-1a", s3_endpoint=True)
APP_B = Subnet("app-b", "subnet-0307671d94d0b1e03", "10.20.11.0/24", "us-east-1b")
DATA_A = Subnet("data-a", "subnet-0a2bbe954da0882fb", "10.20.20.0/24", "us-east-1a")
DATA_B = Subnet("data-b", "subnet-0763cbf0b71e706c6", "10.20.21.0/24", "us-east-1b")
SUBNETS = (PUBLIC_A, PUBLIC_B, APP_A, APP_B, DATA_A, DATA_B)

ALB_A = Host(
    "alb-a",
    "10.20.0.11",
    PUBLIC_A,
    "eni-05562e11067c6ab0d",
    ("alb",),
    public_address="192.0.2.101",
    ports=(1024, 65535),
)
ALB_B = Host(
    "alb-b",
    "10.20.1.12",
    PUBLIC_B,
    "eni-048e83893042a871f",
    ("alb",),
    public_address="192.0.2.102",
    ports=(1024, 65535),
)
NAT = Host(
    "nat-a",
    "10.20.0.5",
    PUBLIC_A,
    "eni-08598bf949ed55b8e",
    public_address="192.0.2.103",
    ports=(1024, 65535),
)
BASTION = Host(
    "bastion",
    "10.20.0.20",
    PUBLIC_A,
    "eni-04bb46946d9cf9403",
    ("bastion",),
    "i-087f697b297f96487",
    "192.0.2.104",
)
APP_A1 = Host(
    "app-a1", "10.20.10.21", APP_A, "eni-0857a8356d19f3b8a", ("app",), "i-029f8bb6886def887"
)
APP_A2 = Host(
    "app-a2", "10.20.10.22", APP_A, "eni-07366f18929465fa2", ("app",), "i-05bbbc1e6312d2c6b"
)
APP_B1 = Host(
    "app-b1", "10.20.11.21", APP_B, "eni-0dbb1677ce20182fe", ("app",), "i-0e24a227693241f7b"
)
APP_B2 = Host(
    "app-b2", "10.20.11.22", APP_B, "eni-0713ad4db1f3fc2f4", ("app",), "i-0753f539fe1e15024"
)
WORKER_A = Host(
    "worker-a1", "10.20.10.41", APP_A, "eni-0ffc8605150893e6d", ("worker",), "i-025ecceaabfc4a286"
)
WORKER_B = Host(
    "worker-b1", "10.20.11.41", APP_B, "eni-00ff795625bba1181", ("worker",), "i-0563f2c5d20a4a0ff"
)
BATCH = Host(
    "batch-a1", "10.20.10.60", APP_A, "eni-0923efa2c23a31189", ("worker",), "i-0357fdd01ed07d764"
)
MONITOR = Host(
    "monitor-a1", "10.20.10.80", APP_A, "eni-067e12ec8bcf21ec4", ("ops",), "i-0f286b48d4fd297a9"
)
SPARE = Host(
    "spare-b1", "10.20.11.90", APP_B, "eni-077762e60711c12a8", ("app",), "i-07c179a8dd6cee711"
)
PRIMARY = Host(
    "db-a1", "10.20.20.30", DATA_A, "eni-0be7380417d2c59b7", ("db",), "i-0bb3448b7ef9828c4"
)
REPLICA = Host(
    "db-b1", "10.20.21.30", DATA_B, "eni-0ba4ee7ad69857ab7", ("db",), "i-0f695e90cd2d12706"
)
CACHE = Host(
    "cache-a1", "10.20.20.50", DATA_A, "eni-0ae10b1b3a78adf4b", ("cache",), "i-0a572296c71275922"
)

BALANCERS = (ALB_A, ALB_B)
APPS = (APP_A1, APP_A2, APP_B1, APP_B2)
WORKERS = (WORKER_A, WORKER_B)
DATABASES = (PRIMARY, REPLICA)
HOSTS = (
    *BALANCERS,
    NAT,
    BASTION,
    *APPS,
    *WORKERS,
    BATCH,
    MONITOR,
    SPARE,
    *DATABASES,
    CACHE,
)

OFFICE = "192.0.2.192/28"  # whence people log in to the bastion
ADMINISTRATORS = ("192.0.2.196", "192.0.2.201")
PAYMENTS = "192.0.2.10"
MAIL = "192.0.2.25"
PACKAGES = "192.0.2.80"
REGISTRY = "192.0.2.90"
S3 = ("52.216.8.21", "52.216.40.77", "52.217.101.14", "54.231.12.200")
