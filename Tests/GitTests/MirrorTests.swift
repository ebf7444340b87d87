import Foundation
import Testing

@testable import Git

@Suite struct MirrorTests {
    let scratch: Scratch
    let org: String
    let mirror: String
    let first: GitObjectID

    init() throws {
        scratch = try Scratch()
        org = try scratch.repository()
        try scratch.write("1", "a.yaml", in: org)
        first = try scratch.commit(in: org)
        mirror = scratch.path + "/mirrors/org"
    }

    private func references(_ repository: String) throws -> String {
        try scratch.git(["for-each-ref", "--format=%(refname) %(objectname)"], in: repository)
    }

    @Test(arguments: ["", "file://"])
    func `a mirror follows its remote through new, moved, deleted and renamed branches and tags`(prefix: String) throws {
        try scratch.git(["branch", "team"], in: org)
        try scratch.git(["tag", "-a", "v1", "-m", "one"], in: org)
        var reports: [(Int, Int)] = []
        try GitMirror.fetch(url: prefix + org, into: mirror) { reports.append(($0, $1)) }
        #expect(reports.last.map { $0.0 == $0.1 && $0.0 > 0 } == true)
        #expect(try references(mirror) == references(org))
        let opened = try GitRepository(opening: mirror)
        #expect(opened.path == mirror)
        #expect(try opened.resolve("HEAD") == first)

        // `team` makes way for `team/pay`, `main` is rewritten, the tag moves, another goes.
        try scratch.git(["branch", "-D", "team"], in: org)
        try scratch.git(["branch", "team/pay"], in: org)
        try scratch.write("2", "a.yaml", in: org)
        try scratch.git(["commit", "-q", "-a", "--amend", "-m", "rewritten"], in: org)
        try scratch.git(["tag", "-f", "-a", "v1", "-m", "again"], in: org)
        try GitMirror.fetch(url: prefix + org, into: mirror)
        #expect(try references(mirror) == references(org))
        let rewritten = try scratch.id("HEAD", in: org)
        #expect(try opened.resolve("main") == rewritten)
        #expect(try opened.resolve("v1") == rewritten)

        try scratch.git(["tag", "-d", "v1"], in: org)
        try scratch.git(["branch", "-m", "main", "trunk"], in: org)
        try GitMirror.fetch(url: prefix + org, into: mirror)
        #expect(try references(mirror) == references(org))
        #expect(try opened.headBranch() == "trunk")
        try GitMirror.fetch(url: prefix + org, into: mirror)
        #expect(try scratch.git(["fsck", "--no-dangling"], in: mirror) == "")
    }

    @Test func `an empty remote gives an empty mirror`() throws {
        let empty = try scratch.repository("empty.git", bare: true)
        try GitMirror.fetch(url: empty, into: mirror)
        #expect(failure { _ = try GitRepository(opening: mirror).resolve("HEAD") } == .emptyRepository)
        try GitMirror.fetch(url: empty, into: mirror)
    }

    @Test func `what a killed fetch left does not stop the next`() throws {
        try GitMirror.fetch(url: org, into: mirror)
        try scratch.write("2", "a.yaml", in: org)
        let second = try scratch.commit(in: org)
        for file in ["refs/heads/main.lock", "packed-refs.lock", "HEAD.lock", "objects/pack/pack_git2_Ab12Cd"] {
            try scratch.write("left over", file, in: mirror)
        }
        try GitMirror.fetch(url: org, into: mirror)
        #expect(try GitRepository(opening: mirror).resolve("main") == second)
        #expect(!FileManager.default.fileExists(atPath: mirror + "/objects/pack/pack_git2_Ab12Cd"))
    }

    @Test func `a folder that is something else is left alone`() throws {
        let bare = try scratch.repository("precious.git", bare: true)
        try scratch.git(["push", "-q", bare, "main:precious"], in: org)
        #expect(failure { try GitMirror.fetch(url: org, into: bare) } == .other)
        #expect(try references(bare).contains("refs/heads/precious"))
        let other = try scratch.repository("other")
        try GitMirror.fetch(url: org, into: mirror)
        #expect(failure { try GitMirror.fetch(url: other, into: mirror) } == .other)
        try scratch.write("x", "full/file", in: scratch.path)
        #expect(failure { try GitMirror.fetch(url: org, into: scratch.path + "/full") } == .other)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).filter { $0.contains(".new-") } == [])
    }

    @Test func `a remote that is not there is reported`() throws {
        let absent = scratch.path + "/absent"
        #expect(failure { try GitMirror.fetch(url: absent, into: mirror) } == .notFound(absent))
        #expect(failure { try GitMirror.fetch(url: "http://127.0.0.1:1/org.git", into: mirror + "2") } == .network)
    }

    @Test func `redirects to another host are not followed, and a password does not reach the message`() throws {
        let target = try OneAnswerServer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        let server = try OneAnswerServer(
            "HTTP/1.1 302 Found\r\nLocation: http://localhost:\(target.port)/info/refs?service=git-upload-pack\r\nContent-Length: 0\r\n"
                + "Connection: close\r\n\r\n")
        do {
            try GitMirror.fetch(url: "http://ada:hunter2@127.0.0.1:\(server.port)/org.git", into: mirror)
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.kind == .network, "\(error)")
            #expect(!error.message.contains("hunter2"), "\(error)")
        }
        #expect(server.requests.count == 1)
        #expect(target.requests.isEmpty)
        let config = try String(contentsOfFile: mirror + "/config", encoding: .utf8)
        #expect(!config.contains("hunter2"))
    }

    @Test func `a demand for credentials over plain http is an authentication error`() throws {
        let server = try OneAnswerServer(
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"org\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        #expect(failure { try GitMirror.fetch(url: "http://localhost:\(server.port)/org.git", into: mirror) } == .authentication)
        #expect(server.requests.allSatisfy { !$0.contains("Authorization") })
    }

    @Test func `a missing repository on a server is not found`() throws {
        let server = try OneAnswerServer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        let url = "http://localhost:\(server.port)/org.git"
        #expect(failure { try GitMirror.fetch(url: url, into: mirror) } == .notFound(url))
    }
}

@Suite struct RemoteURLTests {
    @Test(arguments: [
        "https://git.example.org/org.git", "ssh://git@example.org/org.git", "git@example.org:org.git", "file:///srv/org.git",
        "http://git.example.org/org.git", "ext://sh",
    ])
    func `remotes are told from paths`(url: String) { #expect(GitMirror.isRemote(url)) }

    @Test(arguments: ["/srv/org.git", "org", "./org:x", "../org", ".", "a/b@c:d", "@host:path", "C:file", ""])
    func `paths are told from remotes`(path: String) { #expect(!GitMirror.isRemote(path)) }

    @Test(arguments: [
        "http://git.example.org/org.git", "http://127.0.0.1.example.org/", "http://localhost@example.org/",
        "http://a@localhost@example.org/",
        "http://localhost\\@example.org/", "http://127.0.0.256/", "http://[::2]/", "http://localhost:80x/", "ext::sh -c id",
        "git://example.org/a",
        "ssh://-oProxyCommand=x/a", "git@-oProxyCommand:a", "relative/path", "file://host/a", "https:///a", "https://exa mple.org/",
        "ssh://git@exa\nmple.org/a", "",
    ])
    func `dangerous and unsupported addresses are refused before anything connects`(url: String) {
        #expect(failure { _ = try GitRemoteURL(url) } == .other)
    }

    @Test(arguments: [
        "http://localhost:8080/a", "http://127.1.2.3/a", "http://u:p@[::1]:80/a", "HTTPS://example.org/a", "git@example.org:a/b.git",
        "/a b",
    ])
    func `supported addresses pass`(url: String) throws { _ = try GitRemoteURL(url) }

    @Test(arguments: [
        ("https://ada:pass@example.org/a.git", "https://…@example.org/a.git"),
        ("failed: https://token@example.org/a now", "failed: https://…@example.org/a now"),
        ("https://ada:p@ss/w'rd@example.org/a", "https://…@example.org/a"),
        ("https://example.org/a?access_token=t", "https://example.org/a?…"),
        ("https://example.org/a", "https://example.org/a"), ("git@example.org:a", "git@example.org:a"),
    ])
    func `credentials are struck out`(text: String, expected: String) { #expect(GitMirror.redact(text) == expected) }

    @Test func `a refusal does not print credentials`() {
        for url in ["ftp://ada:hunter2@example.org/a", "ada:hunter2@example.org/a"] {
            do {
                try GitMirror.fetch(url: url, into: "/nowhere")
                Issue.record("nothing was thrown")
            } catch {
                #expect(!error.message.contains("hunter2"), "\(error)")
            }
        }
    }
}
