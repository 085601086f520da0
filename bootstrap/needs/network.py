"""The VPC and what stands in it.

What EC2 makes has no name, only an id that nobody knows before. Such things are known by the tag ``project``: they are
made with it, and what does not bear it cannot be changed, nor given it.
"""

from typing import Final

from bootstrap.needs.making import EVERYTHING, MADE_AS_OURS, TAGGED_AS_OURS, Need, Needs, arn, passes_roles_to

_MAKERS: Final = (
    "AllocateAddress",
    "AuthorizeSecurityGroupEgress",
    "AuthorizeSecurityGroupIngress",
    "CreateFlowLogs",
    "CreateInternetGateway",
    "CreateNatGateway",
    "CreateRouteTable",
    "CreateSecurityGroup",
    "CreateSubnet",
    "CreateVpc",
    "CreateVpcEndpoint",
)


_KINDS: Final = (
    "elastic-ip",
    "internet-gateway",
    "natgateway",
    "route-table",
    "security-group",
    "security-group-rule",
    "subnet",
    "vpc",
    "vpc-endpoint",
    "vpc-flow-log",
    "vpc-peering-connection",
)


def _ec2(*kinds: str) -> tuple[str, ...]:
    return tuple(arn("ec2", f"{kind}/*") for kind in kinds)


def _seen(names: str) -> Need:
    return Need(service="ec2", places=(EVERYTHING,), reads=names)


def _made(names: str, *kinds: str) -> Need:
    return Need(service="ec2", places=_ec2(*kinds), writes=names, condition=MADE_AS_OURS)


def _kept(names: str) -> Need:
    """Also what a new resource is joined to, such as the VPC of a subnet: AWS asks for each of them."""
    return Need(service="ec2", places=_ec2(*_KINDS), writes=names, condition=TAGGED_AS_OURS)


_TAGS: Final = (
    Need(
        service="ec2",
        places=_ec2(*_KINDS),
        writes="CreateTags",
        condition={"StringEquals": {"ec2:CreateAction": _MAKERS}},
    ),
    _kept("CreateTags DeleteTags"),
)
_RULES: Final = (
    _seen("DescribeSecurityGroupRules"),
    _made("AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress", "security-group-rule"),
    _kept(
        "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress "
        "RevokeSecurityGroupEgress ModifySecurityGroupRules",
    ),
)

NETWORK: Final[Needs] = {
    "aws:ec2/vpc:Vpc": (
        *_TAGS,
        _seen("DescribeVpcs DescribeNetworkAcls DescribeRouteTables DescribeSecurityGroups"),
        Need(service="ec2", places=_ec2("vpc"), reads="DescribeVpcAttribute"),
        _made("CreateVpc", "vpc"),
        _kept("ModifyVpcAttribute DeleteVpc"),
    ),
    "aws:ec2/subnet:Subnet": (
        _seen("DescribeSubnets DescribeNetworkInterfaces"),
        _made("CreateSubnet", "subnet"),
        _kept("CreateSubnet ModifySubnetAttribute DeleteSubnet"),
    ),
    "aws:ec2/internetGateway:InternetGateway": (
        _seen("DescribeInternetGateways"),
        _made("CreateInternetGateway", "internet-gateway"),
        _kept("AttachInternetGateway DetachInternetGateway DeleteInternetGateway"),
    ),
    "aws:ec2/eip:Eip": (
        _seen("DescribeAddresses DescribeAddressesAttribute"),
        _made("AllocateAddress", "elastic-ip"),
        _kept("ReleaseAddress"),
    ),
    "aws:ec2/natGateway:NatGateway": (
        _seen("DescribeNatGateways"),
        _made("CreateNatGateway", "natgateway"),
        _kept("CreateNatGateway DeleteNatGateway"),
    ),
    "aws:ec2/routeTable:RouteTable": (
        _seen("DescribeRouteTables"),
        _made("CreateRouteTable", "route-table"),
        _kept("CreateRouteTable DeleteRouteTable"),
    ),
    "aws:ec2/route:Route": (
        _seen("DescribeRouteTables"),
        _kept("CreateRoute ReplaceRoute DeleteRoute"),
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": (
        _seen("DescribeRouteTables"),
        _kept("AssociateRouteTable DisassociateRouteTable ReplaceRouteTableAssociation"),
    ),
    "aws:ec2/securityGroup:SecurityGroup": (
        *_RULES,
        _seen("DescribeSecurityGroups DescribeNetworkInterfaces"),
        _made("CreateSecurityGroup", "security-group"),
        _kept("CreateSecurityGroup DeleteSecurityGroup"),
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": (
        *_RULES,
        _seen("DescribeSecurityGroups"),
        # AWS makes it with the VPC, without a tag; it is tagged before its rules are taken away.
        Need(service="ec2", places=_ec2("security-group"), writes="CreateTags", condition=MADE_AS_OURS),
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _RULES,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _RULES,
    "aws:ec2/vpcEndpoint:VpcEndpoint": (
        _seen("DescribeVpcEndpoints DescribePrefixLists"),
        _made("CreateVpcEndpoint", "vpc-endpoint"),
        _kept("CreateVpcEndpoint ModifyVpcEndpoint DeleteVpcEndpoints"),
    ),
    "aws:ec2/flowLog:FlowLog": (
        _seen("DescribeFlowLogs"),
        _made("CreateFlowLogs", "vpc-flow-log"),
        _kept("CreateFlowLogs DeleteFlowLogs"),
        passes_roles_to("vpc-flow-logs.amazonaws.com"),
    ),
    "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter": (
        _seen("DescribeVpcPeeringConnections"),
        # The other side made it, without our tag: it is known by the VPC of ours that it leads to.
        _kept("AcceptVpcPeeringConnection"),
        Need(service="ec2", places=_ec2("vpc-peering-connection"), writes="AcceptVpcPeeringConnection"),
        Need(service="ec2", places=_ec2("vpc-peering-connection"), writes="CreateTags", condition=MADE_AS_OURS),
    ),
}
