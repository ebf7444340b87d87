// The columns of each section's records, and what each word of them holds.

public enum MetaColumn: Int, BundleColumn {
    case organization, displayName, currency, timeZone, commit, tree, commitTimeLow, commitTimeHigh, compiler, documents, contextMembers,
        contextMemberCount

    public var type: ColumnType {
        switch self {
        case .commitTimeLow, .commitTimeHigh, .documents: .number
        case .contextMembers: .offset
        case .contextMemberCount: .recordCount(.attr)
        default: .string
        }
    }
}

public enum SubjectColumn: Int, BundleColumn {
    case subjectType, name, email, displayName, flags, roles, roleCount, teams, teamCount, attributes, source

    public var type: ColumnType {
        switch self {
        case .subjectType: .below(2)
        case .name, .email, .displayName: .string
        case .flags: .below(2)
        case .roles, .teams: .offset
        case .roleCount: .listCount(.records(.role))
        case .teamCount: .listCount(.records(.team))
        case .attributes: .index(.valu)
        case .source: .index(.srce)
        }
    }
}

public enum TeamColumn: Int, BundleColumn {
    case name, parent, source
    public var type: ColumnType {
        switch self {
        case .name: .string
        case .parent: .optional(.team)
        case .source: .index(.srce)
        }
    }
}

public enum RoleColumn: Int, BundleColumn {
    case name, permissions, permissionCount, source
    public var type: ColumnType {
        switch self {
        case .name: .string
        case .permissions: .offset
        case .permissionCount: .recordCount(.perm)
        case .source: .index(.srce)
        }
    }
}

public enum PermissionColumn: Int, BundleColumn {
    case actions, actionCount, resources, resourceCount, condition, source
    public var type: ColumnType {
        switch self {
        case .actions, .resources: .offset
        case .actionCount: .listCount(.strings)
        case .resourceCount: .listCount(.typedGlobs)
        case .condition: .optional(.prog)
        case .source: .index(.srce)
        }
    }
}

public enum ResourceTypeColumn: Int, BundleColumn {
    case name, isOpen, properties, propertyCount, actions, actionCount
    public var type: ColumnType {
        switch self {
        case .name: .string
        case .isOpen: .below(2)
        case .properties, .actions: .offset
        case .propertyCount: .recordCount(.attr)
        case .actionCount: .listCount(.strings)
        }
    }
}

public enum ProviderColumn: Int, BundleColumn {
    case name, protocolType, region
    public var type: ColumnType { self == .region ? .optionalString : .string }
}

public enum ModelColumn: Int, BundleColumn {
    case name, provider, upstream, mode, regions, regionCount, capabilities, capabilityCount, tags, tagCount, contextWindow, maxOutput,
        prices, priceCount, source

    public var type: ColumnType {
        switch self {
        case .name, .upstream, .mode: .string
        case .provider: .index(.prov)
        case .regions, .capabilities, .tags, .prices: .offset
        case .regionCount, .capabilityCount, .tagCount: .listCount(.strings)
        case .contextWindow, .maxOutput: .number
        case .priceCount: .recordCount(.pric)
        case .source: .index(.srce)
        }
    }
}

/// 64-bit numbers as two words, low half first. Prices are in 10⁻⁹ of the currency per million tokens.
public enum PriceColumn: Int, BundleColumn {
    case fromLow, fromHigh, inputLow, inputHigh, outputLow, outputHigh, longAboveLow, longAboveHigh, longInputLow, longInputHigh,
        longOutputLow,
        longOutputHigh

    public var type: ColumnType { .number }
}

public enum PolicyColumn: Int, BundleColumn {
    case name, typeName, enforcement, severity
    case actions, actionCount, subjects, subjectCount, teams, teamCount, roles, roleCount, resources, resourceCount, models, modelCount,
        providers, providerCount, tags, tagCount
    case notActions, notActionCount, notSubjects, notSubjectCount, notTeams, notTeamCount, notRoles, notRoleCount, notResources,
        notResourceCount, notModels, notModelCount, notProviders, notProviderCount, notTags, notTagCount
    case given, notGiven, variables, variableCount, rules, ruleCount, controls, controlCount, source

    public var type: ColumnType {
        switch self {
        case .name, .typeName, .severity: .string
        case .enforcement: .below(3)
        case .actionCount, .notActionCount, .tagCount, .notTagCount, .controlCount: .listCount(.strings)
        case .subjectCount, .notSubjectCount, .resourceCount, .notResourceCount: .listCount(.typedGlobs)
        case .teamCount, .notTeamCount: .listCount(.records(.team))
        case .roleCount, .notRoleCount: .listCount(.records(.role))
        case .modelCount, .notModelCount: .listCount(.records(.modl))
        case .providerCount, .notProviderCount: .listCount(.records(.prov))
        case .given, .notGiven: .below(256)
        case .variableCount: .listCount(.records(.prog))
        case .ruleCount: .recordCount(.rule)
        case .source: .index(.srce)
        default: .offset
        }
    }
}

public enum RuleColumn: Int, BundleColumn {
    case name, effect, condition, message, obligation, source
    public var type: ColumnType {
        switch self {
        case .name: .string
        case .effect: .below(6)
        case .condition, .message: .optional(.prog)
        case .obligation: .index(.valu)
        case .source: .index(.srce)
        }
    }
}

public enum ExemptionColumn: Int, BundleColumn {
    case name, subjectKind, subject, policies, policyCount, expiresLow, expiresHigh, reason, source
    public var type: ColumnType {
        switch self {
        case .name, .reason, .subject: .string
        case .subjectKind: .below(4)
        case .policies: .offset
        case .policyCount: .listCount(.records(.poli))
        case .expiresLow, .expiresHigh: .number
        case .source: .index(.srce)
        }
    }
}

public enum ProgramColumn: Int, BundleColumn {
    case code, codeCount, constants, constantCount, slotsRead, slotsReadCount, registers, resultType, slotCount
    public var type: ColumnType {
        switch self {
        case .code, .constants, .slotsRead: .offset
        case .codeCount: .recordCount(.code)
        case .constantCount: .listCount(.records(.valu))
        case .slotsReadCount: .listCount(.numbers)
        case .registers: .below(1 << 16)
        case .resultType: .string
        case .slotCount: .below(1 << 16)
        }
    }
}

public enum AttributeColumn: Int, BundleColumn {
    case name, typeName, values, valueCount
    public var type: ColumnType {
        switch self {
        case .name, .typeName: .string
        case .values: .offset
        case .valueCount: .listCount(.strings)
        }
    }
}
