import BundleProvenance
import JSON
import Signing

/// What `charter verify` finds out, for people and for programs.
public struct BundleVerification: Sendable {
    /// What was verified, or why the bundle is refused.
    public let result: Result<SignedBundle, ProvenanceError>
    private let now: UTCTime

    /// - Parameters:
    ///   - signature: the file with the signature; the one beside the bundle by default.
    ///   - time: seconds since 1970 at which the key must be valid; now by default.
    public init(bundle path: String, signature: String?, trustedKeys: String, time: Int64?) throws(ControlError) {
        let keys: TrustedKeys
        do {
            keys = try TrustedKeys(file: trustedKeys)
        } catch {
            throw ControlError(wrapping: error)
        }
        if let time {
            guard let now = UTCTime(secondsSince1970: time) else { throw ControlError(.usage, "the time lies outside the years 1 to 9999") }
            self.now = now
        } else {
            now = try BundleSource.now()
        }
        let now = now
        result = Result { () throws(ProvenanceError) in
            try SignedBundle.open(path: path, signature: signature, trusting: keys, at: now)
        }
    }

    /// Names and values in the order in which they are shown.
    private func facts(_ signed: SignedBundle) -> [(name: String, value: String)] {
        let statement = signed.statement
        return [
            ("keyid", signed.signer.key.id), ("comment", signed.signer.comment ?? ""), ("signed", statement.finishedOn.description),
            ("commit", statement.commit), ("tree", statement.tree), ("compiler", statement.compiler),
            ("digest", "sha256:\(statement.contentDigest)"), ("file", "sha256:\(statement.fileDigest)"),
            ("policyTests", statement.testResult), ("checked", now.description),
        ].filter { !$0.value.isEmpty }
    }

    public var json: JSONValue {
        switch result {
        case .success(let signed):
            return .object(JSONObject([("verified", .bool(true))] + facts(signed).map { ($0.name, .string($0.value)) }))
        case .failure(let error):
            return ["verified": false, "reason": .string(error.kind.rawValue), "message": .string(error.message)]
        }
    }

    public func text(_ signed: SignedBundle) -> String {
        (["verified"] + facts(signed).map { "  \($0.name)\(String(repeating: " ", count: 12 - $0.name.count))\($0.value)" })
            .joined(separator: "\n")
    }
}
