"""What an interface's description says it belongs to.

Services of AWS write these descriptions when they create an interface; the forms are those seen in
EC2's answers and in AWS's guides to the services. A description in no known form says nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.model.inventory import Interface, Inventory

INSTANCE, INTERFACE, TASK = "instance", "interface", "ECS task"
NAT_GATEWAY, ENDPOINT, TRANSIT = "NAT gateway", "VPC endpoint", "transit gateway attachment"


@dataclass(frozen=True, slots=True)
class Owner:
    """`kind` in words; `name` as the owner is called, or its id."""

    kind: str
    name: str


# A group named `name` is the name; without one the owner is known by kind only.
_FORMS: tuple[tuple[str, str], ...] = (
    (r"ELB app/(?P<name>[^/]+)/\w+", "application load balancer"),
    (r"ELB net/(?P<name>[^/]+)/\w+", "network load balancer"),
    (r"ELB gwy/(?P<name>[^/]+)/\w+", "gateway load balancer"),
    (r"ELB (?P<name>[^/\s]+)", "classic load balancer"),
    (r"Interface for NAT Gateway (?P<name>nat-\w+)", NAT_GATEWAY),
    (r"VPC Endpoint Interface (?P<name>vpce-\w+)", ENDPOINT),
    (r"Network Interface for Transit Gateway Attachment (?P<name>tgw-attach-\w+)", TRANSIT),
    (
        r"AWS Lambda VPC ENI[-:\s]*(?P<name>.+?)(?:-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})?",
        "Lambda function",
    ),
    (r"RDSNetworkInterface", "RDS database"),
    (r"ElastiCache[ +](?P<name>\S+)", "ElastiCache node"),
    (r"EFS mount target for (?P<name>fs-\w+).*", "EFS file system"),
    (r"arn:aws[\w-]*:ecs:[\w-]+:\d+:attachment/(?P<name>[\w-]+)", TASK),
    (r"Amazon EKS (?P<name>\S+)", "EKS control plane"),
    (r"aws-K8S-(?P<name>i-\w+)", "EKS node"),
    (r"RedshiftNetworkInterface", "Redshift cluster"),
    (r"DMSNetworkInterface", "DMS replication instance"),
    (r"ES (?P<name>\S+)", "OpenSearch domain"),
    (r"AWS created network interface for directory (?P<name>d-\w+)", "directory"),
    (r"Route 53 Resolver: (?P<name>\S+).*", "Route 53 Resolver endpoint"),
    (r"CloudHSM .*?(?P<name>hsm-\w+|cluster-\w+).*", "CloudHSM"),
    (r"Created by API Gateway.*|API Gateway.*", "API Gateway link"),
)
_READERS = tuple((re.compile(form, re.IGNORECASE), kind) for form, kind in _FORMS)

# EC2's InterfaceType, where the description is in no known form.
_KINDS = {
    "nat_gateway": NAT_GATEWAY,
    "vpc_endpoint": ENDPOINT,
    "gateway_load_balancer_endpoint": ENDPOINT,
    "transit_gateway": TRANSIT,
    "network_load_balancer": "network load balancer",
    "gateway_load_balancer": "gateway load balancer",
    "load_balancer": "application load balancer",
    "lambda": "Lambda function",
    "efs": "EFS file system",
    "api_gateway_managed": "API Gateway link",
    "global_accelerator_managed": "Global Accelerator",
    "quicksight": "QuickSight",
}


def owner_of(interface: Interface, inventory: Inventory) -> Owner | None:
    """Whom the interface belongs to, by its description, else by its type."""
    for reader, kind in _READERS:
        found = reader.fullmatch(interface.description.strip())
        if found is not None:
            name = found.groupdict().get("name") or ""
            return Owner(kind, _called(name, inventory))
    kind = _KINDS.get(interface.kind, "")
    return Owner(kind, "") if kind else None


def service_of(endpoint: str) -> str:
    """The short name of an endpoint's service: `s3` of com.amazonaws.us-east-1.s3."""
    aws = re.fullmatch(r"com\.amazonaws(?:\.[a-z]{2})?\.[a-z]+(?:-[a-z]+)+-\d+\.(.+)", endpoint)
    return aws.group(1) if aws is not None else endpoint


def _called(name: str, inventory: Inventory) -> str:
    """A gateway's, an endpoint's or an instance's own name in the place of its id."""
    if name in inventory.nat_gateways:
        return inventory.nat_gateways[name].name or name
    if name in inventory.endpoints:
        return service_of(inventory.endpoints[name].service) or name
    if name in inventory.instances:
        return inventory.instances[name].name or name
    return name
