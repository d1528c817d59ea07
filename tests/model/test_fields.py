from __future__ import annotations

import pytest

from bot.model.fields import BY_NAME, FIELDS, create_flow_log_command, insights_name


@pytest.mark.parametrize(
    ("log", "name"),
    [
        ("srcaddr", "srcAddr"),
        ("pkt-srcaddr", "pktSrcAddr"),
        ("pkt_dst_aws_service", "pktDstAwsService"),
        ("pktsrcaddr", "pktSrcAddr"),
        ("flowDirection", "flowDirection"),
        ("az-id", "azId"),
        ("instance-tag-2", "instanceTag2"),
        ("start_time", "start"),
        ("some-new-field", "someNewField"),
        ("unheard", "unheard"),
    ],
)
def test_names_in_every_spelling(log: str, name: str) -> None:
    assert insights_name(log) == name


def test_every_field_has_one_name() -> None:
    assert len({field.name for field in FIELDS}) == len({field.log for field in FIELDS})
    assert len(BY_NAME) == len(FIELDS)


def test_every_spelling_of_every_field_leads_to_its_name() -> None:
    for field in FIELDS:
        spellings = {field.log, field.log.replace("-", "_"), field.log.replace("-", ""), field.name}
        assert {insights_name(spelling) for spelling in spellings} == {field.name}


def test_the_command_keeps_the_default_fields_and_adds_the_wanted_ones() -> None:
    command = create_flow_log_command(("flowDirection", "bytes"))
    assert command.count("${bytes}") == 1
    assert "${log-status} ${flow-direction}'" in command
