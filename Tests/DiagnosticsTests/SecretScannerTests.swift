import Diagnostics
import Testing

@Suite struct SecretScannerTests {
    private static let digits = "0123456789012345678901234567890123456789"
    static let secrets: [(text: String, name: String)] = [
        ("sk-ant-api03-\(digits)", "an Anthropic API key"), ("sk-proj-\(digits)", "an OpenAI API key"),
        ("sk-\(digits)", "an OpenAI API key"),
        ("AKIAIOSFODNN7EXAMPLE", "an AWS access key id"), ("ASIAIOSFODNN7EXAMPLE", "a temporary AWS access key id"),
        ("AIzaSyD-\(digits)", "a Google API key"), ("ghp_\(digits)", "a GitHub token"), ("ghu_\(digits)", "a GitHub token"),
        ("github_pat_\(digits)", "a GitHub token"), ("glpat-\(digits)", "a GitLab token"), ("xoxb-\(digits)", "a Slack token"),
        ("xapp-1-\(digits)", "a Slack token"), ("sk_live_\(digits)", "a Stripe key"), ("rk_live_\(digits)", "a Stripe key"),
        ("hf_\(digits)", "a Hugging Face token"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U", "a JSON Web Token"),
        ("chk_\(digits)", "a Charter API key"), ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", "a private key"),
        ("-----BEGIN PRIVATE KEY-----", "a private key"),
        ("postgres://svc:hunter2@db/x", "a password in a URL"), ("a://b:c@d", "a password in a URL"),
        ("redis://:hunter2@cache", "a password in a URL"),
        ("https://u:pa$$word@host", "a password in a URL"), ("Bearer sk-\(digits)", "an OpenAI API key"),
        ("key=\"sk-\(digits)\"", "an OpenAI API key"),
        ("KEY=AKIAIOSFODNN7EXAMPLE;", "an AWS access key id"), ("ünicode sk-\(digits)", "an OpenAI API key"),
    ]

    @Test(arguments: secrets) func `a credential is found and masked`(_ text: String, _ name: String) throws {
        let found = try #require(SecretScanner.find(in: text))
        #expect(found.name == name)
        let masked = SecretScanner.mask(text)
        #expect(masked.contains("[secret]") && SecretScanner.find(in: masked) == nil)
        #expect(!masked.contains("7EXAMPLE") && !masked.contains("01234567890") && !masked.contains("hunter2"))
    }

    static let harmless = [
        "", "short", "sk-", "sk-learn", "sk-short-1", "risk-0123456789012345678901234567890", "a-task-with-a-long-name-and-2-numbers",
        "sk-the-words-of-a-long-name-without-any", "AKIA", "AKIASHORT1", "https://example.com/a:b@c", "https://example.com:8080/",
        "mail: a@b.c",
        "see https://acme.example: ask ada@acme.example", "https://user@host/", "https://${USER}:${PASSWORD}@host",
        "https://u:$PASSWORD@host",
        "https://u:<password>@host", "ghp_short", "hf_model", "eyJ", "PUBLIC KEY-----", "cohere-command-r-plus-08-2024",
        "openai/gpt-5.4-2026-03-05",
        "subject.attributes.clearance in ['public', 'internal']", "glpat", "xoxb", "chk_", "https://a.example/?q=b:c@d",
        "env: ANTHROPIC_API_KEY",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHyJ0123456789012345678901234567890",
    ]

    @Test(arguments: harmless) func `text without a credential is left alone`(_ text: String) {
        #expect(SecretScanner.find(in: text) == nil)
        #expect(SecretScanner.mask(text) == text)
    }

    @Test func `several credentials in one text are all masked`() {
        let text = "a ghp_\(Self.digits), b AKIAIOSFODNN7EXAMPLE: postgres://u:pw1@h and postgres://u:pw2@h"
        #expect(SecretScanner.mask(text) == "a [secret], b [secret]: postgres://u:[secret]@h and postgres://u:[secret]@h")
    }

    @Test(.timeLimit(.minutes(20))) func `hostile text is scanned in reasonable time`() {
        _ = SecretScanner.mask(String(repeating: "sk-", count: 20_000))
        _ = SecretScanner.mask(String(repeating: "eyJ", count: 20_000))
        _ = SecretScanner.mask(String(repeating: "://", count: 5_000))
    }
}
