"""Which values of an entry are secrets: as the READMEs of real servers have them, with made-up values."""

import time

import pytest

from latchward.clients.secrecy import looks_secret, secret_part

HEX = "9f8e7d6c5b4a39281706f5e4d3c2b1a0"
UUID = "3f2c9b1e-7a54-4c0d-9e21-5b6f8a7c4d10"
MIXED = "Zk3vQ9xLp2Rt7Wm4Yb8Nc1Hd6Js5Gf0a"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2lnbmF0dXJl"

WHOLE = [
    ("GITHUB_PERSONAL_ACCESS_TOKEN", "ghp_" + "x" * 36),
    ("GITHUB_TOKEN", "github_pat_" + "x" * 40),
    ("GITLAB_PERSONAL_ACCESS_TOKEN", "glpat-" + "x" * 20),
    ("BRAVE_API_KEY", "BSA" + "x" * 27),
    ("NOTION_TOKEN", "ntn_" + "x" * 46),
    ("NOTION_API_KEY", "secret_" + "x" * 43),
    ("OPENAPI_MCP_HEADERS", '{"Authorization": "Bearer ntn_x", "Notion-Version": "2022-06-28"}'),
    ("POSTGRES_URL", "postgresql://me:pw@localhost:5432/db"),
    ("DATABASE_URI", "postgresql://me:p%40w@db.example.com/db?sslmode=require"),
    ("DATABASE_URL", "mysql://root:root@127.0.0.1/shop"),
    ("MDB_MCP_CONNECTION_STRING", "mongodb+srv://me:pw@cluster0.mongodb.net/db"),
    ("MDB_MCP_API_CLIENT_SECRET", UUID),
    ("REDIS_URL", "redis://:pw@localhost:6379/0"),
    ("REDIS_PWD", "hunter2"),
    ("NEO4J_PASSWORD", "neo4j-pw"),
    ("PGPASSWORD", "postgres1"),
    ("SLACK_BOT_TOKEN", "xoxb-123456789012-abcdef"),
    ("SLACK_MCP_XOXC_TOKEN", "xoxc-1234567890-abc"),
    ("SLACK_MCP_XOXD_TOKEN", "xoxd-abcdefgh%2Bxyz"),
    ("SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/T000/B000/xxxx"),
    ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("AWS_SECRET_ACCESS_KEY", "/JalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("AWS_SESSION_TOKEN", "IQoJb3JpZ2luX2Vj"),
    ("GOOGLE_MAPS_API_KEY", "AIza" + "x" * 35),
    ("GOOGLE_CLIENT_SECRET", "GOCSPX-" + "x" * 28),
    ("GOOGLE_CREDENTIALS", '{"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----"}'),
    ("OPENAI_API_KEY", "sk-proj-" + "x" * 40),
    ("ANTHROPIC_API_KEY", "sk-ant-api03-" + "x" * 40),
    ("STRIPE_SECRET_KEY", "sk_test_" + "x" * 24),
    ("SUPABASE_SERVICE_ROLE_KEY", JWT),
    ("SUPABASE_ACCESS_TOKEN", "sbp_" + "x" * 40),
    ("SENTRY_AUTH_TOKEN", "sntrys_" + "x" * 60),
    ("SENTRY_DSN", "https://9f8e7d6c@o1.ingest.sentry.io/2"),
    ("JIRA_API_TOKEN", "ATATT3x" + "x" * 30),
    ("CONFLUENCE_PERSONAL_TOKEN", "mytoken"),
    ("TAVILY_API_KEY", "tvly-" + "x" * 30),
    ("FIRECRAWL_API_KEY", "fc-" + "x" * 32),
    ("EXA_API_KEY", UUID),
    ("PERPLEXITY_API_KEY", "pplx-" + "x" * 48),
    ("FIGMA_API_KEY", "figd_" + "x" * 40),
    ("LINEAR_API_KEY", "lin_api_" + "x" * 40),
    ("AIRTABLE_API_KEY", "pat" + "x" * 14 + "." + "a" * 64),
    ("SENDGRID", "SG." + "x" * 22 + "." + "x" * 43),
    ("HF_TOKEN", "hf_" + "x" * 34),
    ("REPLICATE_API_TOKEN", "r8_" + "x" * 37),
    ("DISCORD_TOKEN", MIXED),
    ("TELEGRAM_API_HASH", "ghp_" + "x" * 36),
    ("TELEGRAM_SESSION_STRING", "1BVtsOK8Bu0"),
    ("AZURE_DEVOPS_EXT_PAT", "abcdefgh"),
    ("AZURE_STORAGE", "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=bcd=="),
    ("SQL_CONN", "Server=db;User Id=sa;Password=pw;"),
    ("SMTP_PASS", "app password with blanks"),
    ("IMAP_PASSWORD", "1234"),
    ("POSTGRES_PASSWORD", "pa$$word"),
    ("VAULT_SECRET_ID", UUID),
    ("JWT_PRIVATE_KEY", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"),
    ("SECRET_KEY_BASE", "short"),
    ("apiKey", "abc"),
    ("clientSecret", "abc"),
    ("githubtoken", "abc"),
    ("X-Api-Key", "abc"),
    ("Cookie", "sid=abc"),
    ("X-Goog-Session", "abc"),
    ("HTTPS_PROXY", "http://me:pw@proxy:3128"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=abc,x=y"),
    ("MCP_URL", "https://mcp.example.com/api/s/" + MIXED * 2 + "/mcp"),
    ("MCP_URL", "https://mcp.example.com/mcp?api_key=abcd"),
    ("WHATEVER", MIXED),
    ("WHATEVER", HEX),
    ("WHATEVER", "-----BEGIN OPENSSH PRIVATE KEY-----"),
    ("WHATEVER", "[1, {\"password\": \"abc\"}]"),
]  # fmt: skip

AFTER = [
    ("Authorization", "Bearer XYZ", "Bearer "),
    ("authorization", "bearer  XYZ", "bearer  "),
    ("Authorization", "Basic dXNlcjpwYXNz", "Basic "),
    ("Authorization", "Bot abc", "Bot "),
    ("Authorization", "token abc", "token "),
    ("Proxy-Authorization", "Basic abc", "Basic "),
    ("AUTH_HEADER", "Bearer abc", "Bearer "),
    ("HEADER", "Authorization: Bearer abc", "Authorization: Bearer "),
    ("HEADER", "X-API-Key:abc", "X-API-Key:"),
    ("X-Upstream", "Bearer " + MIXED, "Bearer "),
]

NONE = [
    ("SLACK_TEAM_ID", "T01234567"),
    ("SLACK_CHANNEL_IDS", "C01234567, C76543210"),
    ("AWS_REGION", "eu-central-1"),
    ("AWS_PROFILE", "default"),
    ("LOG_LEVEL", "debug"),
    ("FASTMCP_LOG_LEVEL", "ERROR"),
    ("NODE_ENV", "production"),
    ("PORT", "3000"),
    ("TZ", "Europe/Berlin"),
    ("DEBUG", "true"),
    ("GITHUB_HOST", "https://github.example.com"),
    ("GITHUB_TOOLSETS", "repos,issues"),
    ("JIRA_URL", "https://me.atlassian.net"),
    ("JIRA_USERNAME", "me@example.com"),
    ("JIRA_PROJECT_KEY", "PROJ"),
    ("NOTION_DATABASE_ID", HEX),
    ("SPREADSHEET_ID", "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms"),
    ("GIT_COMMIT_SHA", HEX + "01234567"),
    ("MODEL", "claude-sonnet-4-20250514"),
    ("IMAGE", "ghcr.io/github/github-mcp-server@sha256:" + HEX * 2),
    ("PACKAGE", "@modelcontextprotocol/server-github@2025.4.8"),
    ("MEMORY_FILE_PATH", "/home/me/memory.json"),
    ("ALLOWED_DIRECTORIES", "/home/me/a:/home/me/b"),
    ("GOOGLE_APPLICATION_CREDENTIALS", "/home/me/keys/service.json"),
    ("GMAIL_CREDENTIALS", "~/.gmail-mcp/credentials.json"),
    ("SSH_KEY", "C:\\Users\\me\\.ssh\\id_ed25519"),
    ("TOKEN_FILE", "abc"),
    ("PRIVATE_KEY_PATH", "key.pem"),
    ("TOKEN_URL", "https://auth.example.com/token"),
    ("TOKEN_ENDPOINT", "https://auth.example.com/token"),
    ("AUTH_TYPE", "pat"),
    ("OAUTH_SCOPES", "read write"),
    ("SECRET_NAME", "prod/db"),
    ("API_KEY_ID", "key-1"),
    ("LANGFUSE_PUBLIC_KEY", "pk-lf-" + UUID),
    ("STRIPE_PUBLISHABLE_KEY", "pk_test_" + "x" * 24),
    ("MAX_TOKENS", "4096"),
    ("OUTPUT_TOKENS", "128000"),
    ("TOKEN_LIMIT", "128000"),
    ("TOKENIZERS_PARALLELISM", "abc"),
    ("SESSION_TIMEOUT", "3600"),
    ("USE_AUTH", "abc"),
    ("KEYBOARD_LAYOUT", "us"),
    ("KEY_REPEAT", "fast"),
    ("AUTHOR", "Jane Doe"),
    ("AUTHORITY", "https://login.example.com"),
    ("COMPASS_HEADING", "north"),
    ("PASS_THROUGH", "all"),
    ("SSH_AUTH_SOCK", "/run/user/1000/keyring/ssh"),
    ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/user/1000/bus"),
    ("XDG_SESSION_TYPE", "wayland"),
    ("HTTPS_PROXY", "http://proxy:3128"),
    ("DATABASE_URL", "postgresql://localhost/db"),
    ("MDB_MCP_CONNECTION_STRING", "mongodb://localhost:27017/db"),
    ("API_KEY", ""),
    ("API_KEY", "  "),
    ("API_KEY", "true"),
    ("API_KEY", "None"),
    ("API_KEY", "0"),
    ("API_KEY", "${API_KEY}"),
    ("API_KEY", "${secret:API_KEY}"),
    ("API_KEY", "${input:api-key}"),
    ("API_KEY", "$API_KEY"),
    ("API_KEY", "%API_KEY%"),
    ("API_KEY", "{env:API_KEY}"),
    ("API_KEY", "${{ secrets.API_KEY }}"),
    ("Authorization", "Bearer ${TOKEN}"),
    ("Authorization", "Bearer $TOKEN"),
    ("DATABASE_URL", "postgresql://me:${PASSWORD}@localhost/db"),
    ("NOTE", "Basic authentication is wanted by that one"),
    ("HEADERS", '{"Notion-Version": "2022-06-28", "Authorization": "Bearer ${T}"}'),
    ("JSON", "{not json"),
]


@pytest.mark.parametrize(("name", "value"), WHOLE)
def test_the_whole_value_is_the_secret(name: str, value: str) -> None:
    assert secret_part(name, value) == ("", value)


@pytest.mark.parametrize(("name", "value", "clear"), AFTER)
def test_what_stands_before_the_secret_stays_in_clear(name: str, value: str, clear: str) -> None:
    assert secret_part(name, value) == (clear, value.removeprefix(clear))


@pytest.mark.parametrize(("name", "value"), NONE)
def test_what_is_no_secret_stays_where_it_is(name: str, value: str) -> None:
    assert secret_part(name, value) is None


def test_a_secret_beside_a_reference_is_found() -> None:
    assert secret_part("HEADERS", "${A} ghp_" + "x" * 36) == ("", "${A} ghp_" + "x" * 36)


@pytest.mark.parametrize(
    ("argument", "before"),
    [
        ("abc", "--api-key"),
        ("abc", "--access-token"),
        ("--token=abc", ""),
        ("GITHUB_TOKEN=abc", "-e"),
        ("--env=API_KEY=abc", ""),
        ("Authorization: Bearer abc", "--header"),
        ("X-Api-Key:abc", "-H"),
        ("postgresql://me:pw@localhost/db", ""),
        ("ghp_" + "x" * 36, ""),
        ("https://mcp.example.com/mcp?token=abcd", "mcp-remote"),
        ("https://mcp.example.com/s/" + MIXED * 2 + "/mcp", "mcp-remote"),
    ],
)
def test_a_secret_among_arguments_is_noticed(argument: str, before: str) -> None:
    assert looks_secret(argument, before)


@pytest.mark.parametrize(
    ("argument", "before"),
    [
        ("--token", "-y"),
        ("-y", "--token"),
        ("GITHUB_TOKEN", "-e"),
        ("8080", "--port"),
        ("/home/me", "--root"),
        ("@modelcontextprotocol/server-github", "-y"),
        ("mcp/postgres@sha256:" + HEX * 2, "--rm"),
        ("https://mcp.example.com/mcp", "mcp-remote"),
        ("--token=${TOKEN}", ""),
        ("Authorization:${AUTH_HEADER}", "--header"),
        ("X-Version: 2", "--header"),
        ("--log-level=debug", ""),
        ("postgresql://localhost/db", ""),
        ("abc", "token"),
        ("abc", "--a=b"),
    ],
)
def test_an_ordinary_argument_raises_no_alarm(argument: str, before: str) -> None:
    assert not looks_secret(argument, before)


@pytest.mark.parametrize(
    "piece",
    ["a.", "a-", "://", "eyJ-", "://a:", "token =", "[", '{"', "-----BEGIN ", "A1b", "/a", "x: ", "?key"],
)
def test_a_long_value_is_judged_in_time_that_grows_with_it(piece: str) -> None:
    def seconds(size: int) -> float:
        value = piece * (size // len(piece))
        started = time.process_time()
        secret_part("NAME", value)
        looks_secret(value, "--name")
        return time.process_time() - started

    # Twenty times the size: time that grew with its square would be four hundred times as long.
    assert seconds(100_000) < 120 * max(seconds(5_000), 0.005)
