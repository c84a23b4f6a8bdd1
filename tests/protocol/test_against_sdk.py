"""Our codec and constants against those of the official SDK."""

import mcp_types
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.shared import inbound
from mcp.shared.subscriptions import SUBSCRIPTION_ID_META_KEY
from mcp_types import jsonrpc, version

from latchward.protocol import headers, legacy, modern, parameters, strict, versions

CAPABILITIES = {"tools": {"listChanged": True}, "resources": {"subscribe": True}, "logging": {}}


def test_the_revisions_are_the_sdks() -> None:
    assert versions.LEGACY_VERSIONS == version.HANDSHAKE_PROTOCOL_VERSIONS
    assert versions.MODERN_VERSIONS == version.MODERN_PROTOCOL_VERSIONS


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (versions.PARSE_ERROR, jsonrpc.PARSE_ERROR),
        (versions.INVALID_REQUEST, jsonrpc.INVALID_REQUEST),
        (versions.METHOD_NOT_FOUND, jsonrpc.METHOD_NOT_FOUND),
        (versions.INVALID_PARAMS, jsonrpc.INVALID_PARAMS),
        (versions.INTERNAL_ERROR, jsonrpc.INTERNAL_ERROR),
        (versions.HEADER_MISMATCH, jsonrpc.HEADER_MISMATCH),
        (versions.UNSUPPORTED_VERSION, jsonrpc.UNSUPPORTED_PROTOCOL_VERSION),
        (versions.META_VERSION, mcp_types.PROTOCOL_VERSION_META_KEY),
        (versions.META_CLIENT_INFO, mcp_types.CLIENT_INFO_META_KEY),
        (versions.META_CLIENT_CAPABILITIES, mcp_types.CLIENT_CAPABILITIES_META_KEY),
        (versions.META_SERVER_INFO, mcp_types.SERVER_INFO_META_KEY),
        (versions.META_SUBSCRIPTION, SUBSCRIPTION_ID_META_KEY),
        (headers.NAMED_BY, dict(inbound.NAME_BEARING_METHODS)),
        (headers.VERSION.decode(), inbound.MCP_PROTOCOL_VERSION_HEADER),
        (headers.METHOD.decode(), inbound.MCP_METHOD_HEADER),
        (headers.NAME.decode(), inbound.MCP_NAME_HEADER),
        (parameters.PREFIX, inbound.MCP_PARAM_HEADER_PREFIX),
        (parameters.KEY, inbound.X_MCP_HEADER_KEY),
    ],
)
def test_a_constant_is_the_sdks(ours: object, theirs: object) -> None:
    assert ours == theirs


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_the_sdk_encodes_we_decode(value: str) -> None:
    assert headers.decode(inbound.encode_header_value(value)) == value


@given(
    st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(["=?base64?eA==?=", " x", "x\n", ""])
)
def test_we_encode_as_the_sdk_does(value: str) -> None:
    assert headers.encode(value) == inbound.encode_header_value(value)


@given(
    st.text(st.characters(codec="latin-1")) | st.from_regex(r"=\?base64\?[A-Za-z0-9+/=]*\?=", fullmatch=True)
)
def test_any_header_decodes_as_in_the_sdk(value: str) -> None:
    assert headers.decode(value) == inbound.decode_header_value(value)


def test_our_discover_result_is_valid() -> None:
    mcp_types.DiscoverResult.model_validate(strict.parse(modern.discover_result(CAPABILITIES)))


@pytest.mark.parametrize("asked", [*versions.LEGACY_VERSIONS, "2099-01-01", None, 7])
def test_our_initialize_result_is_valid_for_any_version_asked(asked: object) -> None:
    result = mcp_types.InitializeResult.model_validate(
        strict.parse(legacy.initialize_result(asked, CAPABILITIES))
    )
    assert result.protocol_version in versions.LEGACY_VERSIONS
