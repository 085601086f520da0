"""Who may sign in from the workflow, and what they may do then."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from bootstrap.documents import INLINE_LIMIT, MANAGED_LIMIT
from bootstrap.roles import PURPOSES
from bootstrap.settings import Settings, SettingsError
from local.errors import ProgramFailed
from local.program import record_program
from policies.pack import ALL
from tests.bootstrap.recordings import (
    ACCOUNT,
    PREFIX,
    ROOT,
    boundary,
    documents_of,
    granted,
    recorded_roles,
    role,
    trust_of,
)
from tests.ci.workflow import read_workflow
from tests.components.rules import (
    Rule,
    components_register_their_outputs_once,
    everything_belongs_to_a_component,
    own_tags_are_a_service_of_ours,
    the_one_provider_is_used,
)
from tests.policies.judging import complaints_of_recording
from tests.support.iam import allows, has_no_narrower_resource, only_reads

ISSUER = "token.actions.githubusercontent.com"
IAM = f"arn:aws:iam::{ACCOUNT}"
HERE = f"eu-central-1:{ACCOUNT}"
ENVIRONMENTS = {"deploy": ["staging", "production"], "preview": ["preview"], "drift": ["drift"]}
READERS = ("preview", "drift")


class TestTrust:
    @pytest.mark.parametrize("name", ENVIRONMENTS)
    @pytest.mark.parametrize("prefix", [PREFIX, "repo:team/anime-infra"])
    def test_a_role_trusts_its_environments_of_the_one_repository_and_nobody_else(self, name: str, prefix: str) -> None:
        assert trust_of(name, prefix) == {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Federated": f"{IAM}:oidc-provider/{ISSUER}"},
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": {
                        "StringEquals": {
                            f"{ISSUER}:aud": "sts.amazonaws.com",
                            f"{ISSUER}:sub": [f"{prefix}:environment:{each}" for each in ENVIRONMENTS[name]],
                        }
                    },
                }
            ],
        }

    def test_the_issuer_is_github_for_aws_alone(self) -> None:
        issuer = recorded_roles().named("foundation-github")

        assert issuer.inputs["url"] == f"https://{ISSUER}"
        assert issuer.inputs["clientIdLists"] == ["sts.amazonaws.com"]

    def test_every_environment_of_the_workflow_is_trusted_by_one_role(self) -> None:
        used = {job["environment"] for job in read_workflow()["jobs"].values() if "environment" in job}
        trusted = [each for purpose in PURPOSES.values() for each in purpose.environments]

        assert sorted(trusted) == sorted(used)

    @pytest.mark.parametrize("name", PURPOSES)
    def test_a_session_lasts_as_long_as_the_job(self, name: str) -> None:
        for environment in PURPOSES[name].environments:
            job = read_workflow()["jobs"][environment]
            (signing_in,) = (each for each in job["steps"] if "configure-aws-credentials" in each.get("uses", ""))
            asked = int(signing_in["with"].get("role-duration-seconds", 3600))

            assert asked == role(name).inputs["maxSessionDuration"]
            assert int(job["timeout-minutes"]) * 60 <= asked


class TestSettings:
    @pytest.mark.parametrize("prefix", [PREFIX, "repo:team/anime-infra", "repo:Team-1/anime.infra_2"])
    def test_one_repository_is_accepted(self, prefix: str) -> None:
        assert Settings(aws_region="eu-central-1", subject_prefix=prefix).subject_prefix == prefix

    @pytest.mark.parametrize(
        "prefix",
        ["*", "repo:*", "repo:team/*", "repo:team@1001/*", "repo:team@1001/anime-infra@200?", "repo:team@1*/a@1"],
    )
    def test_a_pattern_is_refused(self, prefix: str) -> None:
        with pytest.raises(SettingsError, match="strangers' workflows would get in: name the one repository"):
            Settings(aws_region="eu-central-1", subject_prefix=prefix)

    @pytest.mark.parametrize(
        "prefix",
        [
            "",
            "team/anime-infra",
            "repo:anime-infra",
            "repo:team@1001/anime-infra",
            "repo:team/anime-infra@2002",
            f"{PREFIX}:environment:staging",
            f"{PREFIX}:ref:refs/heads/main",
            f"{PREFIX}\n",
            "repo:team@x/anime-infra@y",
        ],
    )
    def test_what_no_workflow_is_called_is_refused(self, prefix: str) -> None:
        with pytest.raises(SettingsError, match="nobody would get in: write repo:ORGANISATION@ID/REPOSITORY@ID"):
            Settings(aws_region="eu-central-1", subject_prefix=prefix)

    @pytest.mark.parametrize("region", ["", "*", "eu-*", "eu-central-1a"])
    def test_a_region_that_is_none_is_refused(self, region: str) -> None:
        with pytest.raises(SettingsError, match="name the region of the stacks"):
            Settings(aws_region=region, subject_prefix=PREFIX)

    def test_without_a_repository_nothing_is_registered(self) -> None:
        with pytest.raises(ProgramFailed, match="nobody would get in"):
            record_program(stack="main", root=ROOT)


class TestReaders:
    @pytest.mark.parametrize("name", READERS)
    def test_every_right_is_to_read(self, name: str) -> None:
        assert [action for action, _ in granted(*documents_of(name)) if not only_reads(action)] == []

    @pytest.mark.parametrize("name", READERS)
    @pytest.mark.parametrize(
        ("action", "resource"),
        [
            ("s3:GetObject", "arn:aws:s3:::anime-infra-prod-data-123456789012/processed/sync-state.json"),
            ("s3:GetObjectVersion", "arn:aws:s3:::anime-infra-prod-images-123456789012/images/a.png"),
            ("dynamodb:GetItem", f"arn:aws:dynamodb:{HERE}:table/anime-infra-prod-image-deduplication-map"),
            ("dynamodb:Query", f"arn:aws:dynamodb:{HERE}:table/anime-infra-prod-image-deduplication-map"),
            ("dynamodb:Scan", f"arn:aws:dynamodb:{HERE}:table/anime-infra-prod-image-deduplication-map"),
            ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:anime-infra-prod-key-AbCdEf"),
            ("sqs:ReceiveMessage", f"arn:aws:sqs:{HERE}:anime-infra-prod-commit-dlq"),
            ("logs:GetLogEvents", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/anime-infra-prod-begin:*"),
            ("logs:FilterLogEvents", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/anime-infra-prod-begin:*"),
            ("states:GetExecutionHistory", f"arn:aws:states:{HERE}:execution:anime-infra-prod-enrichment:one"),
            ("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/others/password"),
            ("sts:AssumeRole", f"{IAM}:role/anime-ci-deploy"),
        ],
    )
    def test_no_data_can_be_read(self, name: str, action: str, resource: str) -> None:
        assert not allows(documents_of(name), action, resource)

    def test_what_is_compared_can_be_read(self) -> None:
        """So that the two tests above are not passed by a role without rights."""
        assert allows(documents_of("drift"), "lambda:GetFunction", f"arn:aws:lambda:{HERE}:function:anime-infra-dev-x")
        assert not allows(documents_of("drift"), "lambda:GetFunction", f"arn:aws:lambda:{HERE}:function:others")


BOUND = {"iam:PermissionsBoundary": f"{IAM}:policy/anime-ci-boundary"}
OURS = {"aws:ResourceTag/project": "anime-infra"}
NEW = {"aws:RequestTag/project": "anime-infra"}
ROLE = f"{IAM}:role/anime-infra-prod-begin"


class TestDeploy:
    @pytest.mark.parametrize(
        ("action", "resource", "context"),
        [
            ("iam:CreateRole", ROLE, BOUND),
            ("iam:PutRolePolicy", ROLE, BOUND),
            ("iam:PutRolePermissionsBoundary", ROLE, BOUND),
            ("iam:PassRole", ROLE, {"iam:PassedToService": "lambda.amazonaws.com"}),
            ("iam:DeleteRole", ROLE, {}),
            ("s3:CreateBucket", "arn:aws:s3:::anime-infra-dev-data-123456789012", {}),
            ("lambda:CreateFunction", f"arn:aws:lambda:{HERE}:function:anime-infra-dev-begin", {}),
            ("states:CreateStateMachine", f"arn:aws:states:{HERE}:stateMachine:anime-infra-prod-enrichment", {}),
            ("ssm:PutParameter", f"arn:aws:ssm:{HERE}:parameter/anime-infra/prod/endpoints", {}),
            ("ec2:CreateVpc", f"arn:aws:ec2:{HERE}:vpc/vpc-1", NEW),
            ("ec2:CreateSubnet", f"arn:aws:ec2:{HERE}:subnet/subnet-1", NEW),
            ("ec2:CreateSubnet", f"arn:aws:ec2:{HERE}:vpc/vpc-1", {**OURS, **NEW}),
            ("ec2:DeleteVpc", f"arn:aws:ec2:{HERE}:vpc/vpc-1", OURS),
            ("ec2:CreateTags", f"arn:aws:ec2:{HERE}:vpc/vpc-1", {**NEW, "ec2:CreateAction": "CreateVpc"}),
        ],
    )
    def test_what_applies_a_stack_is_allowed(self, action: str, resource: str, context: Mapping[str, str]) -> None:
        assert allows(documents_of("deploy"), action, resource, context)

    @pytest.mark.parametrize(
        ("action", "resource", "context"),
        [
            # other identities
            ("iam:CreateUser", f"{IAM}:user/anime-infra-x", {}),
            ("iam:CreateAccessKey", f"{IAM}:user/anime-infra-x", {}),
            ("iam:CreateOpenIDConnectProvider", f"{IAM}:oidc-provider/elsewhere.example.org", {}),
            ("sts:AssumeRole", f"{IAM}:role/admin", {}),
            ("sts:AssumeRole", ROLE, {}),
            # a role that could do more than the boundary
            ("iam:CreateRole", ROLE, {}),
            ("iam:CreateRole", ROLE, {"iam:PermissionsBoundary": f"{IAM}:policy/anime-infra-mine"}),
            ("iam:CreateRole", f"{IAM}:role/admin", BOUND),
            ("iam:PutRolePolicy", ROLE, {}),
            ("iam:AttachRolePolicy", ROLE, {**BOUND, "iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}),
            ("iam:DeleteRolePermissionsBoundary", ROLE, BOUND),
            ("iam:PutRolePermissionsBoundary", ROLE, {"iam:PermissionsBoundary": f"{IAM}:policy/anime-infra-mine"}),
            ("iam:CreatePolicy", f"{IAM}:policy/anime-infra-mine", {}),
            ("iam:UpdateAssumeRolePolicy", f"{IAM}:role/admin", {}),
            ("iam:PassRole", f"{IAM}:role/admin", {"iam:PassedToService": "lambda.amazonaws.com"}),
            ("iam:PassRole", ROLE, {"iam:PassedToService": "ec2.amazonaws.com"}),
            ("iam:PassRole", ROLE, {}),
            # what lets it in
            *[
                (action, resource, BOUND)
                for action, resource in [
                    ("iam:PutRolePolicy", f"{IAM}:role/anime-ci-deploy"),
                    ("iam:UpdateAssumeRolePolicy", f"{IAM}:role/anime-ci-deploy"),
                    ("iam:UpdateAssumeRolePolicy", f"{IAM}:role/anime-ci-preview"),
                    ("iam:DeleteRole", f"{IAM}:role/anime-ci-drift"),
                    ("iam:CreatePolicyVersion", f"{IAM}:policy/anime-ci-boundary"),
                    ("iam:DeletePolicy", f"{IAM}:policy/anime-ci-deploy-compute"),
                    ("iam:UpdateOpenIDConnectProviderThumbprint", f"{IAM}:oidc-provider/{ISSUER}"),
                    ("iam:AddClientIDToOpenIDConnectProvider", f"{IAM}:oidc-provider/{ISSUER}"),
                ]
            ],
            # what belongs to others
            ("s3:DeleteBucket", "arn:aws:s3:::others", {}),
            ("lambda:UpdateFunctionCode", f"arn:aws:lambda:{HERE}:function:others", {}),
            ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:others-AbCdEf", {}),
            ("ec2:CreateVpc", f"arn:aws:ec2:{HERE}:vpc/vpc-1", {}),
            ("ec2:DeleteVpc", f"arn:aws:ec2:{HERE}:vpc/vpc-1", {}),
            ("ec2:DeleteVpc", f"arn:aws:ec2:{HERE}:vpc/vpc-1", {"aws:ResourceTag/project": "others"}),
            ("ec2:CreateSubnet", f"arn:aws:ec2:{HERE}:vpc/vpc-1", NEW),
            ("ec2:CreateTags", f"arn:aws:ec2:{HERE}:vpc/vpc-1", NEW),
            ("ec2:RunInstances", f"arn:aws:ec2:{HERE}:instance/i-1", NEW),
        ],
    )
    def test_nothing_beyond_that_is(self, action: str, resource: str, context: Mapping[str, str]) -> None:
        assert not allows(documents_of("deploy"), action, resource, context)

    def test_denials_hold_against_a_broader_policy_too(self) -> None:
        everything = '{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
        documents = [*documents_of("deploy"), everything]

        assert allows(documents, "ec2:RunInstances", f"arn:aws:ec2:{HERE}:instance/i-1")
        for action, resource in [
            ("iam:CreateUser", f"{IAM}:user/x"),
            ("iam:PutRolePolicy", f"{IAM}:role/anime-ci-deploy"),
            ("iam:DeleteRolePermissionsBoundary", ROLE),
            ("iam:UpdateAssumeRolePolicy", f"{IAM}:role/anime-ci-deploy"),
            ("iam:DeleteOpenIDConnectProvider", f"{IAM}:oidc-provider/{ISSUER}"),
        ]:
            assert not allows(documents, action, resource)


@pytest.mark.parametrize("name", PURPOSES)
def test_everything_is_named_where_aws_can_tell_things_apart(name: str) -> None:
    broad = [a for a, resource in granted(*documents_of(name)) if resource == "*" and not has_no_narrower_resource(a)]

    assert broad == []


def _length(document: str) -> int:
    return len(re.sub(r"\s", "", document))


def test_no_document_is_longer_than_aws_takes() -> None:
    for policy in recorded_roles().of_type("aws:iam/policy:Policy"):
        assert _length(policy.inputs["policy"]) <= MANAGED_LIMIT, policy.name
    inline: dict[str, int] = {}
    for policy in recorded_roles().of_type("aws:iam/rolePolicy:RolePolicy"):
        inline[policy.inputs["role"]] = inline.get(policy.inputs["role"], 0) + _length(policy.inputs["policy"])
    assert {name: length for name, length in inline.items() if length > INLINE_LIMIT} == {}


def test_a_role_has_no_more_policies_than_aws_takes() -> None:
    attachments = recorded_roles().of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")

    assert len(attachments) <= 10


@pytest.mark.parametrize(
    "rule",
    [
        the_one_provider_is_used,
        everything_belongs_to_a_component,
        components_register_their_outputs_once,
        own_tags_are_a_service_of_ours,
    ],
    ids=lambda rule: rule.__name__,
)
def test_the_program_keeps_the_rules_of_the_stacks(rule: Rule) -> None:
    assert list(rule(recorded_roles())) == []


def test_everything_says_whose_it_is() -> None:
    (provider,) = recorded_roles().of_type("pulumi:providers:aws")

    assert provider.inputs["defaultTags"] == {"tags": {"project": "anime-infra", "environment": "shared"}}


def test_the_role_arns_are_what_the_environments_are_given() -> None:
    assert recorded_roles().exports == {
        f"{name}_role_arn": f"{IAM}:role/anime-ci-{name}" for name in ("deploy", "preview", "drift")
    }


JUDGED_HERE: dict[str, str] = {
    "least-rights": "the roles list what AWS lets nobody narrow, which no role of a stack may; "
    "test_everything_is_named_where_aws_can_tell_things_apart judges it",
    "allowed-regions": "roles stand in no region, and the stage shared is of no stack",
}
"""Policies of the pack that this program cannot keep, each with the reason."""


@pytest.mark.parametrize("policy", ALL, ids=lambda policy: policy.name)
def test_the_policies_have_nothing_against_it(policy: Any) -> None:
    complaints = complaints_of_recording(policy, recorded_roles())

    assert bool(complaints) == (policy.name in JUDGED_HERE), complaints


def test_no_broad_right_hides_behind_the_exception() -> None:
    (policy,) = (each for each in ALL if each.name == "least-rights")
    complaints = complaints_of_recording(policy, recorded_roles())

    assert [each for each in complaints if "on every resource" not in each] == []


def test_the_boundary_lets_nobody_make_a_role() -> None:
    for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:CreateUser", "sts:AssumeRole", "iam:PassRole"):
        assert not allows([boundary()], action, ROLE)
    assert allows([boundary()], "iam:PassRole", ROLE, {"iam:PassedToService": "scheduler.amazonaws.com"})
