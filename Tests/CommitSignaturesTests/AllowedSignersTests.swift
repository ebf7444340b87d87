import Foundation
import Testing

@testable import CommitSignatures

@Suite struct AllowedSignersTests {
    static let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDqbVYNCGZLzqiHCX5jjpDg7yfcHVr3GCTpVkpnRZVLL"

    private func read(_ text: String) throws -> AllowedSigners { try AllowedSigners(parsing: Array(text.utf8)) }

    private func problem(_ text: String) -> String {
        do throws(SignatureError) {
            _ = try AllowedSigners(parsing: Array(text.utf8))
            return ""
        } catch {
            return error.message
        }
    }

    @Test func `a list is read as ssh-keygen writes it down`() throws {
        let list = try read(
            """
            # who may sign

            ada@example.org,*@admins.example.org \(Self.key) Ada's laptop
            \t"Bob@example.org,!eve@example.org" namespaces="git,file",valid-after="20240101",VALID-BEFORE="20241231235959Z" \(Self.key)\r
            * valid-before="202401020304" \(Self.key)
            """)
        #expect(list.signers.map(\.line) == [3, 4, 5])
        let (ada, bob, all) = (list.signers[0], list.signers[1], list.signers[2])
        #expect(ada.principals.matches("ADA@example.org") && ada.principals.matches("x@admins.example.org"))
        #expect(!ada.principals.matches("eve@example.org"))
        #expect(ada.namespaces == nil && ada.validAfter == nil && ada.validBefore == nil)
        #expect(bob.principals.matches("bob@example.org") && !bob.principals.matches("eve@example.org"))
        #expect(bob.namespaces?.matches("git") == true && bob.namespaces?.matches("email") == false)
        #expect(bob.validAfter == 1_704_067_200 && bob.validBefore == 1_735_689_599)
        #expect(all.validBefore == 1_704_164_640)
        #expect(list.signers(of: try SSHPublicKey(text: Self.key)).count == 3)
    }

    @Test(arguments: [
        ("ada@example.org", "line 1: too short"),
        ("ok@example.org \(key)\nada@example.org ssh-ed25519", "line 2: too short"),
        ("ada@example.org ssh-ed25519 AAAA", "line 1: the public key is cut short"),
        ("ada@example.org ssh-ed25519 ????", "line 1: the `ssh-ed25519` key is not base64"),
        ("ada@example.org ssh-dss AAAA", "line 1: `ssh-dss` is no type of key"),
        ("ada@example.org ssh-ed25519-cert-v01@openssh.com AAAA", "certificates are not accepted"),
        ("ada@example.org cert-authority \(key)", "line 1: `cert-authority`: certificates are not accepted"),
        ("ada@example.org namespaces=git \(key)", "line 1: `namespaces` needs a value in quotes"),
        ("ada@example.org namespaces=\"git \(key)", "line 1: a quotation mark is not closed"),
        ("ada@example.org valid-after=\"2024\" \(key)", "line 1: `2024` is no time"),
        ("ada@example.org valid-after=\"20240231\" \(key)", "line 1: `20240231` is no time"),
        ("ada@example.org valid-after=\"20240301\",valid-before=\"20240201\" \(key)", "line 1: the key is never valid"),
        ("ada@example.org valid-after=\"20240301\",valid-after=\"20240201\" \(key)", "line 1: `valid-after` is given twice"),
        ("ada@example.org no-touch-required \(key)", "line 1: `no-touch-required` is neither a type of key nor an option"),
        ("!ada@example.org \(key)", "line 1: `!ada@example.org` only says what does not match"),
        ("ada@example.org,,b \(key)", "line 1: `ada@example.org,,b` holds an empty pattern"),
    ])
    func `a mistake is named with its line`(_ text: String, _ expected: String) {
        #expect(problem(text).contains(expected), "found: \(problem(text))")
    }

    @Test func `bytes that are no text are refused`() {
        #expect(failure { _ = try AllowedSigners(parsing: [0x61, 0xff, 0x20]) } == .malformed)
        #expect(failure { _ = try AllowedSigners(parsing: Array("a\0 \(Self.key)".utf8)) } == .malformed)
        #expect(failure { _ = try AllowedSigners(parsing: [UInt8](repeating: 0x61, count: 20_000)) } == .malformed)
    }

    @Test func `a file that is not there is told`() {
        #expect(failure { _ = try AllowedSigners(path: "/nonexistent/signers") } == .unreadable)
    }

    @Test func `no changed list stops the program`() throws {
        let good = Array("ada@example.org namespaces=\"git\",valid-after=\"20240101\" \(Self.key) Ada\n# bob\n\"a,b\" \(Self.key)\n".utf8)
        _ = try AllowedSigners(parsing: good)
        var noise = Noise(seed: 11)
        var refused = 0
        for _ in 0..<5_000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...3, using: &noise) {
                bytes[Int.random(in: 0..<bytes.count, using: &noise)] = UInt8.random(in: 0...255, using: &noise)
            }
            do throws(SignatureError) { _ = try AllowedSigners(parsing: bytes) } catch { refused += 1 }
        }
        #expect(refused > 1_000)
    }

    @Test(arguments: [
        ("*", "", true), ("*", "anything", true), ("a*c", "abbbc", true), ("a*c", "abbb", false), ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("*a*a*b", String(repeating: "a", count: 1_000), false), ("**", "x", true), ("a,b", "b", true), ("A", "a", true),
        ("a", "ab", false),
        ("*,!b*", "bob", false), ("*,!b*", "ada", true), ("*", String(repeating: "a", count: 1_025), false),
    ])
    func `patterns match as OpenSSH's do`(_ pattern: String, _ text: String, _ expected: Bool) throws {
        #expect(try PatternList(pattern).matches(text) == expected)
    }

    /// OpenSSH is asked the same, so that no list means more here than there.
    @Test(arguments: [
        "ada@example.org", "*@example.org", "\"*@example.org,!eve@*\"", "*@example.org namespaces=\"file,g?t\"", "* namespaces=\"file\"",
    ])
    func `ssh-keygen comes to the same answer`(_ head: String) throws {
        let workshop = try Workshop()
        let key = try workshop.sshKey()
        let file = workshop.path + "/signers"
        let text = "\(head) \(try workshop.publicText(key))\n"
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        let message = Array("a message".utf8)
        let signature = try workshop.sign(message, key)
        try Data(signature).write(to: URL(fileURLWithPath: file + ".sig"))
        let entry = try #require(try AllowedSigners(path: file).signers.first)
        for who in ["ada@example.org", "eve@example.org", "bob@elsewhere.org"] {
            let here = entry.principals.matches(who) && entry.namespaces?.matches("git") ?? true
            let there =
                (try? workshop.run(
                    ["ssh-keygen", "-Y", "verify", "-f", file, "-I", who, "-n", "git", "-s", file + ".sig"], input: message)) != nil
            #expect(here == there, "\(who)")
        }
    }
}
