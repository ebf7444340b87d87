internal import CLibGit2

/// A commit, what signs it, and the bytes that are signed.
public struct GitSignedCommit: Sendable {
    public let commit: GitCommit
    /// The texts of the headers `gpgsig`. A sound commit has one or none; of several, each program would look at another.
    public let signatures: [[UInt8]]
    /// The commit without those headers, which is what git signs.
    public let payload: [UInt8]
}

extension GitRepository {
    /// The commit `id` with its signature. Nothing is verified but that the bytes are those of the id.
    ///
    /// - Throws: `.notFound`, or `.shallow` beyond the end of a shallow clone.
    public func signedCommit(_ id: GitObjectID) throws(GitError) -> GitSignedCommit {
        let commit = try commit(id)
        let raw = try withObject(id, GIT_OBJECT_COMMIT, path: "commit \(id)", limit: Self.commitSizeLimit) { (bytes) throws(GitError) in
            Array(bytes)
        }
        let (signatures, payload) = Self.separate(raw)
        return GitSignedCommit(commit: commit, signatures: signatures, payload: payload)
    }

    /// Takes the signatures out of a commit. A header's further lines begin with a space, which is not part of the text. `gpgsig-sha256`,
    /// with which a repository of the other hash signs, is no part of what is signed either.
    static func separate(_ raw: [UInt8]) -> (signatures: [[UInt8]], payload: [UInt8]) {
        var signatures: [[UInt8]] = []
        var payload: [UInt8] = []
        payload.reserveCapacity(raw.count)
        var rest = raw[...]
        var kind = HeaderKind.other
        while !rest.isEmpty, rest.first != UInt8(ascii: "\n") {
            let end = rest.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? rest.endIndex
            let line = rest[..<end]
            rest = rest[end...]
            let isContinued = line.first == UInt8(ascii: " ")
            if !isContinued { kind = HeaderKind(line) }
            switch kind {
            case .other: payload += line
            case .otherSignature: break
            case .signature where isContinued: signatures[signatures.count - 1] += line.dropFirst()
            case .signature: signatures.append(Array(line.dropFirst(HeaderKind.name.count)))
            }
        }
        return (signatures, payload + rest)
    }

    private enum HeaderKind {
        case signature, otherSignature, other

        static let name = Array("gpgsig ".utf8)
        static let otherName = Array("gpgsig-sha256 ".utf8)

        init(_ line: ArraySlice<UInt8>) {
            if line.starts(with: Self.name) {
                self = .signature
            } else {
                self = line.starts(with: Self.otherName) ? .otherSignature : .other
            }
        }
    }
}
