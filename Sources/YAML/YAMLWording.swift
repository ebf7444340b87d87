/// What libyaml says about a syntax error, in words for the writer of the file.
struct YAMLWording {
    var message: String
    /// What is said at the place where the unfinished thing begins.
    var context: String
    /// Whether the beginning is the place to look at, not where the parser gave up.
    var isAboutBeginning = false

    /// - Parameter found: the character at which the parser gave up.
    init(problem: String, context: String, found: Unicode.Scalar?) {
        self.context = Self.contexts[context] ?? context
        switch problem {
        case "found unexpected end of stream", "found unexpected document indicator":
            isAboutBeginning = context == "while scanning a quoted scalar"
            message = isAboutBeginning ? "this quote is never closed" : problem
        case "found character that cannot start any token":
            message = found == "\t" ? "a tab cannot indent" : "`\(found.map { String($0) } ?? "")` cannot begin a text without quotes"
        case "did not find expected alphabetic or numeric character":
            isAboutBeginning = true
            message =
                context == "while scanning an anchor"
                ? "`&` begins an anchor, which needs a name" : "`*` begins an alias, which needs a name"
        case "did not find expected key": message = "expected a key: this line does not fit the mapping before it"
        case "did not find expected '-' indicator": message = "expected `- `: this line does not fit the list before it"
        case "did not find expected ',' or ']'": message = "expected `,` or `]`"
        case "did not find expected ',' or '}'": message = "expected `,` or `}`"
        case "could not find expected ':'": message = "expected `:` after a key"
        default: message = problem
        }
    }

    private static let contexts = [
        "while parsing a block mapping": "the mapping begins here", "while parsing a block collection": "the list begins here",
        "while parsing a flow sequence": "the list begins here", "while parsing a flow mapping": "the mapping begins here",
        "while scanning a simple key": "the key begins here", "while scanning a block scalar": "the text begins here",
        "while scanning a plain scalar": "the text begins here", "while parsing a node": "the value begins here",
    ]
}
