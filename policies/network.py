"""Nothing is open to everybody but what is meant to be: the CDN and the API gateway."""

from collections.abc import Mapping, Sequence
from typing import Final

from pulumi_policy import PolicyResource, ResourceValidationArgs

from policies.encryption import BUCKET, BUCKET_POLICY
from policies.making import Complaints, StackComplaints, of_type, resource_policy, stack_policy
from policies.reading import UNKNOWN, Statement, as_list, is_off, items, refers_to, statements, value

ACCESS_BLOCK: Final = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
BUCKET_ACL: Final = "aws:s3/bucketAcl:BucketAcl"
SWITCHES: Final = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")

SECURITY_GROUP: Final = "aws:ec2/securityGroup:SecurityGroup"
SECURITY_GROUP_RULE: Final = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS_RULE: Final = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
FUNCTION_URL: Final = "aws:lambda/functionUrl:FunctionUrl"
BALANCER: Final = "aws:lb/loadBalancer:LoadBalancer"
SERVICE: Final = "aws:ecs/service:Service"
DATABASE: Final = "aws:rds/instance:Instance"
DISTRIBUTION: Final = "aws:cloudfront/distribution:Distribution"

RESOURCE_POLICIES: Final = (
    BUCKET_POLICY,
    "aws:sns/topicPolicy:TopicPolicy",
    "aws:sqs/queuePolicy:QueuePolicy",
    "aws:secretsmanager/secretPolicy:SecretPolicy",
    "aws:kms/keyPolicy:KeyPolicy",
    "aws:ecr/repositoryPolicy:RepositoryPolicy",
)

_EVERYWHERE: Final = ("0.0.0.0/0", "::/0")


def public_buckets(resources: Sequence[PolicyResource]) -> StackComplaints:
    blocks = of_type(resources, ACCESS_BLOCK)
    for bucket in of_type(resources, BUCKET):
        own = [each for each in blocks if refers_to(each, "bucket", bucket, "bucket", "id")]
        if not any(all(not is_off(each.props, switch) for switch in SWITCHES) for each in own):
            yield (
                bucket,
                f"could be made public: give it a BucketPublicAccessBlock with {', '.join(SWITCHES)} true, as "
                "PrivateBucket of components/aws/s3_buckets.py does",
            )


def public_policies(args: ResourceValidationArgs) -> Complaints:
    if args.resource_type in (BUCKET, BUCKET_ACL):
        if str(value(args.props, "acl")).startswith(("public-", "authenticated-")):
            yield "has an access list for everybody: leave acl out, and let the CDN read by a policy"
        return
    for statement in statements(value(args.props, "policy")):
        if statement.get("Effect") == "Allow" and _is_for_everybody(statement):
            yield "allows something to everybody, whatever its Condition says: name the principal"


def open_doors(args: ResourceValidationArgs) -> Complaints:
    props = args.props
    if args.resource_type in (SECURITY_GROUP, SECURITY_GROUP_RULE, INGRESS_RULE) and _is_open(args):
        yield (
            "lets in the whole internet: name the security group that may come in; the public entrance is the API "
            "gateway, which needs none"
        )
    if args.resource_type == FUNCTION_URL and value(props, "authorizationType") not in ("AWS_IAM", UNKNOWN):
        yield "lets everybody start the function: set authorizationType to AWS_IAM"
    if args.resource_type == BALANCER and is_off(props, "internal"):
        yield "stands in the internet: set internal to true and put the API gateway before it"
    if args.resource_type == SERVICE and not _is_false(props, "networkConfiguration", "assignPublicIp"):
        yield "gives its tasks addresses in the internet: set networkConfiguration.assignPublicIp to false"
    if args.resource_type == DATABASE and not _is_false(props, "publiclyAccessible"):
        yield "can be reached from the internet: set publiclyAccessible to false"
    if args.resource_type == DISTRIBUTION:
        for behaviour in (value(props, "defaultCacheBehavior"), *items(props, "orderedCacheBehaviors")):
            viewers = value(behaviour, "viewerProtocolPolicy") if isinstance(behaviour, Mapping) else UNKNOWN
            if viewers not in ("https-only", "redirect-to-https", UNKNOWN):
                yield "answers plain http: set viewerProtocolPolicy to https-only"


def _is_false(props: Mapping[str, object], *path: str) -> bool:
    """Left out counts as false, as it does for AWS."""
    return value(props, *path) in (None, False, "false", UNKNOWN)


def _is_for_everybody(statement: Statement) -> bool:
    principal = statement.get("Principal")
    return principal == "*" or (isinstance(principal, Mapping) and "*" in as_list(principal.get("AWS")))


def _is_open(args: ResourceValidationArgs) -> bool:
    props = args.props
    if args.resource_type == SECURITY_GROUP:
        return any(_names_everywhere(rule, "cidrBlocks", "ipv6CidrBlocks") for rule in items(props, "ingress"))
    if args.resource_type == SECURITY_GROUP_RULE:
        return value(props, "type") == "ingress" and _names_everywhere(props, "cidrBlocks", "ipv6CidrBlocks")
    return _names_everywhere(props, "cidrIpv4", "cidrIpv6")


def _names_everywhere(rule: Mapping[str, object], *keys: str) -> bool:
    found = [value(rule, key) for key in keys]
    return any(block in _EVERYWHERE for each in found if each is not UNKNOWN for block in as_list(each))


NO_PUBLIC_BUCKET: Final = stack_policy(
    "no-public-bucket", "Public access to every bucket is blocked in all four ways.", public_buckets
)
NO_PUBLIC_POLICY: Final = resource_policy(
    "no-public-policy",
    "No policy of a resource allows anything to everybody.",
    public_policies,
    types=(*RESOURCE_POLICIES, BUCKET, BUCKET_ACL),
)
NO_OPEN_DOOR: Final = resource_policy(
    "no-open-door",
    "Nothing but the CDN and the API gateway can be reached from the internet, and those by https alone.",
    open_doors,
    types=(SECURITY_GROUP, SECURITY_GROUP_RULE, INGRESS_RULE, FUNCTION_URL, BALANCER, SERVICE, DATABASE, DISTRIBUTION),
)
