import CEL
import Diagnostics
import GovernanceModel

/// What the conditions of one document ask, for checks that need other documents too.
struct ConditionLogic {
    /// Of each rule of a policy: always, where it has no condition; nil where nothing could be found out.
    var rules: [CELFormula?] = []
    /// Texts that inputs are compared with which other documents may define.
    var mentions: [Mention] = []

    struct Mention {
        var mention: CELMention
        var span: SourceSpan
    }

    /// Inputs whose possible values other documents tell.
    static let defined: Set<String> = [
        "subject.id", "subject.roles", "subject.teams", "resource.id", "resource.provider", "resource.tags", "resource.regions",
        "resource.capabilities", "action.name",
    ]

    mutating func add(_ expression: CELExpression, _ source: Located<String>) {
        for mention in expression.mentions where Self.defined.contains(mention.path) {
            mentions.append(Mention(mention: mention, span: ConditionCompiler.span(of: mention.range, in: source)))
        }
    }
}
