"""Maps: the one that the company chose, asked as maps are asked."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from crmframe.core.workspace.maps import _LINKS, NONE, PROVIDERS, place_text


@pytest.mark.parametrize(
    ("parts", "asked"),
    [
        (["Norway", "Vestland", "5003", "Bergen", "Strandgaten 4"], "Strandgaten 4, Bergen, 5003, Vestland, Norway"),
        (["Singapore", "Singapore"], "Singapore"),
        (["中国", "江苏省", "214000", "无锡市", "滨湖区隐秀路 5 号"], "中国江苏省无锡市滨湖区隐秀路 5 号"),
        (["江苏省", "无锡市", "江苏省无锡市滨湖区隐秀路5号"], "江苏省无锡市滨湖区隐秀路5号"),
        (["北京市", "北京市", "朝阳区"], "北京市朝阳区"),
    ],
)  # fmt: skip
def test_a_place_is_written_as_its_maps_look_for_it(parts, asked):
    assert place_text(parts) == asked


def test_every_map_on_offer_has_a_link_of_its_own_over_https():
    assert {each.value for each in PROVIDERS} == {*_LINKS, NONE}
    for link in _LINKS.values():
        parts = urlsplit(link)
        assert parts.scheme == "https"
        assert [value for _, value in parse_qsl(parts.query)].count("{}") == 1
