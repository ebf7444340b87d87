/// The registry of everything Charter can say about documents. A code, once released, keeps its meaning for ever.
///
/// `CH10xx` reading files and trees · `CH11xx` YAML · `CH12xx` document structure · `CH13xx` names and references ·
/// `CH14xx` conditions · `CH15xx` meaning of single kinds · `CH16xx` secrets · `CH17xx` templates · `CH19xx` notes.
public enum DiagnosticCode: String, Sendable, CaseIterable {
    case fileTooLarge = "CH1001"
    case notUTF8 = "CH1002"
    case noDocuments = "CH1003"
    case unreadableFile = "CH1005"

    case malformedYAML = "CH1101"
    case nestedTooDeeply = "CH1102"
    case tooManyNodes = "CH1103"
    case aliasExpansion = "CH1104"
    case duplicateKey = "CH1105"
    case unsupportedTag = "CH1106"

    case notADocument = "CH1201"
    case unsupportedVersion = "CH1202"
    case unknownKind = "CH1203"
    case unknownField = "CH1204"
    case missingField = "CH1205"
    case wrongType = "CH1206"
    case invalidValue = "CH1207"
    case invalidName = "CH1208"

    case duplicateName = "CH1301"
    case unresolvedReference = "CH1302"
    case cyclicReference = "CH1303"
    case organizationCount = "CH1304"
    case duplicateIdentity = "CH1305"
    case duplicateEntry = "CH1306"

    case conditionSyntax = "CH1401"
    case conditionType = "CH1402"
    case conditionLimit = "CH1403"
    case constantCondition = "CH1404"
    case contradictoryCondition = "CH1405"
    case impossibleValue = "CH1406"
    case costlyCondition = "CH1407"

    case invalidPattern = "CH1501"
    case invalidTime = "CH1502"
    case expiredExemption = "CH1503"
    case invalidRule = "CH1504"
    case attributeType = "CH1505"
    case unmatchedGlob = "CH1507"
    case endedModel = "CH1508"

    case bundleTooLarge = "CH1509"

    case invalidKey = "CH1510"
    case trustSettings = "CH1511"
    case unusedSigners = "CH1512"
    case expiredSigner = "CH1513"

    case unpricedModel = "CH1514"
    case unusedRole = "CH1515"
    case emptyTeam = "CH1516"
    case uncoveredControl = "CH1517"
    case endingModel = "CH1518"
    case expiringExemption = "CH1519"
    case budgetAboveParent = "CH1520"
    case overcommittedBudget = "CH1521"

    case idlePolicy = "CH1530"
    case shadowedRule = "CH1531"
    case endedModelInUse = "CH1532"
    case unusedFixture = "CH1540"

    case secretInDocument = "CH1601"
    case likelySecret = "CH1602"

    case unknownParameter = "CH1701"
    case missingParameter = "CH1702"
    case parameterType = "CH1703"
    case parameterValue = "CH1704"
    case invalidParameter = "CH1705"
    case misplacedParameter = "CH1706"
    case unusedParameter = "CH1707"
    case nestedTemplate = "CH1708"
    case expansionLimit = "CH1709"

    case notEnforcedYet = "CH1901"

    /// The severity that the code has unless a place says otherwise.
    public var severity: Severity {
        switch self {
        // What comes near by itself is no fault yet.
        case .notEnforcedYet, .endingModel, .expiringExemption: .note
        case .expiredExemption, .unmatchedGlob, .endedModel, .unusedSigners, .expiredSigner, .unpricedModel, .unusedRole, .emptyTeam,
            .uncoveredControl, .budgetAboveParent, .overcommittedBudget, .constantCondition, .contradictoryCondition, .costlyCondition,
            .impossibleValue,
            .idlePolicy, .shadowedRule, .endedModelInUse, .likelySecret, .unusedFixture, .unusedParameter:
            .warning
        default: .error
        }
    }

    /// What the code stands for, in a few words: the short description of the rule in SARIF.
    public var title: String {
        switch self {
        case .fileTooLarge: "a file is larger than the limit"
        case .notUTF8: "a file is not UTF-8 text"
        case .noDocuments: "the repository holds no documents"
        case .unreadableFile: "a file cannot be read"
        case .malformedYAML: "YAML that cannot be parsed"
        case .nestedTooDeeply: "YAML nested deeper than the limit"
        case .tooManyNodes: "more YAML nodes than the limit"
        case .aliasExpansion: "aliases that expand to more than the limit"
        case .duplicateKey: "the same key twice in one mapping"
        case .unsupportedTag: "a YAML tag other than those of the core schema"
        case .notADocument: "a document that is not a mapping with apiVersion, kind, metadata and spec"
        case .unsupportedVersion: "an apiVersion that this program does not know"
        case .unknownKind: "a kind that does not exist"
        case .unknownField: "a field that does not exist"
        case .missingField: "a required field is missing"
        case .wrongType: "a value of another type than the field's"
        case .invalidValue: "a value that the field does not allow"
        case .invalidName: "a name that does not follow the rules for names"
        case .duplicateName: "two documents of one kind with the same name"
        case .unresolvedReference: "a reference to something that is not defined"
        case .cyclicReference: "references that go round in a circle"
        case .organizationCount: "a repository needs exactly one Organization"
        case .duplicateIdentity: "one external identity claimed by two subjects"
        case .duplicateEntry: "the same entry twice in one list"
        case .conditionSyntax: "a condition that is not valid CEL"
        case .conditionType: "a condition that does not fit the types of its variables"
        case .conditionLimit: "a condition larger than the limit"
        case .constantCondition: "a condition that always comes to the same"
        case .contradictoryCondition: "a condition whose parts exclude each other"
        case .impossibleValue: "a comparison with a value that nothing has"
        case .costlyCondition: "a condition that may take more steps than the limit"
        case .invalidPattern: "a glob or regular expression that is not valid"
        case .invalidTime: "a time, date or period that is not valid"
        case .expiredExemption: "an exemption that has expired"
        case .invalidRule: "a rule whose fields contradict its effect"
        case .attributeType: "an attribute that does not fit its declared type"
        case .unmatchedGlob: "a glob that matches nothing"
        case .endedModel: "a model that its provider has ended"
        case .bundleTooLarge: "more documents than a bundle can hold"
        case .invalidKey: "a key or fingerprint that cannot be used"
        case .trustSettings: "settings of trust that contradict each other"
        case .unusedSigners: "trusted signers where no signature is asked for"
        case .expiredSigner: "a trusted signer whose key has expired"
        case .unpricedModel: "a model without a price"
        case .unusedRole: "a role that nobody has"
        case .emptyTeam: "a team without members"
        case .uncoveredControl: "a control that no policy implements"
        case .endingModel: "a model that its provider ends soon"
        case .expiringExemption: "an exemption that expires soon"
        case .budgetAboveParent: "a budget larger than the one above it"
        case .overcommittedBudget: "budgets that come to more than the one above them"
        case .idlePolicy: "a policy that no request can match"
        case .shadowedRule: "a rule that never changes a decision"
        case .endedModelInUse: "a model that its provider has ended, and roles still permit"
        case .likelySecret: "a text that looks like a credential"
        case .unusedFixture: "a fixture that no case of its test uses"
        case .secretInDocument: "a credential written into a document"
        case .unknownParameter: "a parameter that a template does not have"
        case .missingParameter: "a parameter of a template that is not given"
        case .parameterType: "a parameter with a value of another type"
        case .parameterValue: "a parameter with a value that is not allowed"
        case .invalidParameter: "a parameter whose declaration contradicts itself"
        case .misplacedParameter: "a parameter where its value cannot stand"
        case .unusedParameter: "a parameter that its template does not use"
        case .nestedTemplate: "a template made from a template"
        case .expansionLimit: "a template that comes to more than the limit"
        case .notEnforcedYet: "declared and stored, but not enforced yet"
        }
    }
}
