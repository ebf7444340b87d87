/// Who has sent a request, as far as that was proved.
public struct Caller: Sendable, Hashable {
    /// How it was proved.
    public enum Proof: Sendable, Hashable {
        /// Not at all: the server asks nobody who he is.
        case none
        /// An API key, by its public id.
        case key(String)
        case token
        case certificate
    }

    /// The subject's type and name, as documents have them; empty for one who was not asked.
    public let type: String
    public let name: String
    public let proof: Proof
    /// For logs: `service-account/gateway`, or `anonymous`.
    public let text: String

    public init(type: String, name: String, proof: Proof) {
        self.type = type
        self.name = name
        self.proof = proof
        text = type.isEmpty ? "anonymous" : "\(type)/\(name)"
    }

    /// Somebody on this machine, who was not asked.
    public static let anonymous = Caller(type: "", name: "", proof: .none)
}
