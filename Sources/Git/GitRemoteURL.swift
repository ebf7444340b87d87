/// The address of a remote, checked before anything connects to it.
struct GitRemoteURL {
    enum Transport {
        case https, http, ssh, local
    }

    let transport: Transport
    /// As given, credentials included: never printed.
    let text: String

    init(_ text: String) throws(GitError) {
        self.text = text
        try LibGit2.checkText(text, "the remote's URL")
        // Two parsers must not disagree over where the host begins, so nothing that they might read differently is let through.
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }) || text.hasPrefix("/") else {
            throw Self.refused(text, "it contains a space, a backslash or a control character")
        }
        if text.hasPrefix("/") {
            transport = .local
        } else if let scheme = Self.scheme(of: text) {
            let authority = Self.authority(of: text)
            switch scheme {
            case "https": transport = .https
            case "http":
                guard Self.isLoopback(authority) else { throw Self.refused(text, "plain http is only for this machine; use https or ssh") }
                transport = .http
            case "ssh": transport = .ssh
            case "file":
                guard authority.isEmpty else { throw Self.refused(text, "a file URL has three slashes, as in `file:///srv/org.git`") }
                transport = .local
            default: throw Self.refused(text, "the scheme `\(scheme)` is not supported; use https, ssh or an absolute path")
            }
            if transport != .local, Self.host(in: authority).isEmpty { throw Self.refused(text, "it names no host") }
            if Self.host(in: authority).hasPrefix("-") { throw Self.refused(text, "the host begins with a dash") }
        } else if let host = Self.scpHost(of: text) {
            guard !host.hasPrefix("-") else { throw Self.refused(text, "the host begins with a dash") }
            transport = .ssh
        } else {
            throw Self.refused(text, "use https://…, ssh://…, git@host:path, file:///… or an absolute path")
        }
    }

    /// A local remote has to exist before a mirror is made for it.
    func checkPresence() throws(GitError) {
        guard transport == .local else { return }
        let path = text.hasPrefix("/") ? text : String(text.dropFirst("file://".count))
        // A URL may spell its path with percent escapes, which are libgit2's to read.
        guard !FileStatus.exists(path), text.hasPrefix("/") || !path.contains("%") else { return }
        throw GitError(.notFound(path), "there is no repository at `\(path)` to fetch from")
    }

    static func isRemote(_ text: String) -> Bool {
        scheme(of: text) != nil || scpHost(of: text) != nil
    }

    /// The text with the credentials and query of every URL in it struck out.
    static func redact(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let separator = rest.firstRange(of: "://") {
            result += rest[..<separator.upperBound]
            rest = rest[separator.upperBound...]
            let end = rest.firstIndex(where: \.isWhitespace) ?? rest.endIndex
            var url = rest[..<end]
            // A password may itself hold slashes or at signs that someone forgot to encode: everything up to the last at sign goes.
            if let at = url.lastIndex(of: "@") {
                result += "…@"
                url = url[url.index(after: at)...]
            }
            if let query = url.firstIndex(where: { $0 == "?" || $0 == "#" }) {
                result += url[..<query] + "?…"
            } else {
                result += url
            }
            rest = rest[end...]
        }
        return result + rest
    }

    private static func refused(_ text: String, _ reason: String) -> GitError {
        var shown = redact(text)
        // Without a scheme nothing tells where credentials would begin.
        if scheme(of: text) == nil, let at = text.lastIndex(of: "@") { shown = "…" + text[at...] }
        return GitError(.other, "cannot fetch from `\(shown)`: \(reason)")
    }

    /// Lower-case, or `nil` if the text is not a URL with `://`.
    private static func scheme(of text: String) -> String? {
        guard let separator = text.firstRange(of: "://") else { return nil }
        let scheme = text[..<separator.lowerBound]
        guard let first = scheme.utf8.first, isLetter(first) else { return nil }
        let isScheme = scheme.utf8.allSatisfy { isLetter($0) || (48...57).contains($0) || [UInt8]("+-.".utf8).contains($0) }
        return isScheme ? scheme.lowercased() : nil
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte) || (97...122).contains(byte) }

    private static func authority(of text: String) -> Substring {
        guard let separator = text.firstRange(of: "://") else { return "" }
        let rest = text[separator.upperBound...]
        return rest[..<(rest.firstIndex(where: { $0 == "/" || $0 == "?" || $0 == "#" }) ?? rest.endIndex)]
    }

    private static func host(in authority: Substring) -> Substring {
        guard let at = authority.lastIndex(of: "@") else { return authority }
        return authority[authority.index(after: at)...]
    }

    private static func isLoopback(_ authority: Substring) -> Bool {
        guard authority.filter({ $0 == "@" }).count <= 1 else { return false }
        var host = host(in: authority)
        if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") {
            guard host[host.index(after: colon)...].utf8.allSatisfy({ (48...57).contains($0) }) else { return false }
            host = host[..<colon]
        }
        if host.lowercased() == "localhost" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil && $0.utf8.first != UInt8(ascii: "+") }
    }

    /// The host of `user@host:path`, or `nil` if the text has another form.
    private static func scpHost(of text: String) -> Substring? {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let before = text[..<colon]
        guard let at = before.firstIndex(of: "@"), at != before.startIndex, !before.contains("/") else { return nil }
        let host = before[before.index(after: at)...]
        return host.isEmpty || text.index(after: colon) == text.endIndex ? nil : host
    }
}
