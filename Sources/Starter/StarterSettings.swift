import Foundation
import GovernanceModel

/// What a starter repository is made for.
public struct StarterSettings: Sendable {
    /// Where changes are reviewed.
    public enum Review: String, Sendable, CaseIterable {
        case github, gitlab, none
    }

    /// A setting that no repository can be made for, in words for people.
    public struct Refusal: Error, Sendable, CustomStringConvertible {
        public var description: String
    }

    /// The organisation's name in documents.
    public let name: String
    /// The organisation's name for people.
    public let title: String
    /// ISO 4217, as `EUR`.
    public let currency: String
    public let review: Review

    /// - Parameters:
    ///   - title: the organisation's name for people, of which the name in documents is made: `Acme Corp.` is `acme-corp`.
    ///   - currency: three capital letters.
    public init(title: String, currency: String, review: Review) throws(Refusal) {
        guard !title.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw Refusal(description: "a name has no line breaks and no control characters")
        }
        var name = ""
        // Letters with marks are written without them.
        for byte in title.folding(options: [.diacriticInsensitive, .caseInsensitive], locale: nil).utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                name.unicodeScalars.append(Unicode.Scalar(byte))
            default: if !name.isEmpty, !name.hasSuffix("-") { name += "-" }
            }
        }
        while name.hasSuffix("-") { name.removeLast() }
        guard Names.isValid(name, for: .organization) else {
            throw Refusal(
                description: "`\(title)` is no name that documents can have: it needs a letter or a digit, and 128 of them at most")
        }
        guard currency.utf8.count == 3, currency.utf8.allSatisfy({ (0x41...0x5a).contains($0) }) else {
            throw Refusal(description: "`\(currency)` is no currency: its three capital letters are wanted, as in EUR")
        }
        self.name = name
        self.title = title
        self.currency = currency
        self.review = review
    }
}
