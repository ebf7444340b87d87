// The columns of each section's records, and what each word of them holds.

public enum MetaColumn: Int, BundleColumn {
    case organization, displayName, currency, timeZone, commit, tree, commitTimeLow, commitTimeHigh, compiler, documents, contextMembers,
        contextMemberCount, subjectAttributeCount

    public var type: ColumnType {
        switch self {
        case .commitTimeLow, .commitTimeHigh, .documents: .number
        case .contextMembers: .offset
        case .contextMemberCount: .recordCount(.attr)
        case .subjectAttributeCount: .below(1 << 16)
        default: .string
        }
    }
}

/// The subject's attributes are a list of values in the order of their slots, `none` where one is not given.
public enum SubjectColumn: Int, BundleColumn {
    case name, email, flags, subjectClass, attributes, path, line

    public var type: ColumnType {
        switch self {
        case .name, .email, .path: .string
        case .flags: .below(8)
        case .subjectClass: .index(.clss)
        case .attributes: .attributeList
        case .line: .number
        }
    }

    /// Bits of `flags`.
    public static let disabled: UInt32 = 1
    public static let serviceAccount: UInt32 = 2
    /// There is a record of the subject in `anch`.
    public static let anchored: UInt32 = 4
}

public enum ClassColumn: Int, BundleColumn {
    case roles, roleCount, teams, teamCount

    public var type: ColumnType {
        switch self {
        case .roles, .teams: .offset
        case .roleCount: .listCount(.records(.role))
        case .teamCount: .listCount(.records(.team))
        }
    }
}

/// `posts` are the policies that name the team, `notPosts` those that leave it out. The first post stands in the record too, for there is
/// seldom another.
public enum TeamColumn: Int, BundleColumn {
    case name, parent, posts, postCount, notPosts, notPostCount, firstWord, firstLow, firstHigh, exemptions, exemptionCount, source
    public var type: ColumnType {
        switch self {
        case .name: .string
        case .parent: .optional(.team)
        case .firstWord, .firstLow, .firstHigh: .number
        case .posts, .notPosts, .exemptions: .offset
        case .postCount, .notPostCount: .recordCount(.post)
        case .exemptionCount: .listCount(.records(.exem))
        case .source: .index(.srce)
        }
    }
}

/// `residual` are the permissions, own ones alone, that `grnt` does not tell of: with a condition, or with a glob that only a request can
/// decide.
public enum RoleColumn: Int, BundleColumn {
    case name, permissions, permissionCount, posts, postCount, notPosts, notPostCount, firstWord, firstLow, firstHigh, exemptions,
        exemptionCount, residual, residualCount, source
    public var type: ColumnType {
        switch self {
        case .name: .string
        case .permissions, .posts, .notPosts, .exemptions, .residual: .offset
        case .firstWord, .firstLow, .firstHigh: .number
        case .permissionCount: .recordCount(.perm)
        case .postCount, .notPostCount: .recordCount(.post)
        case .exemptionCount: .listCount(.records(.exem))
        case .residualCount: .listCount(.records(.perm))
        case .source: .index(.srce)
        }
    }
}

/// The bitmaps hold at least what the permission covers; `isExact` tells whether they hold nothing else.
public enum PermissionColumn: Int, BundleColumn {
    case actions, actionCount, resources, resourceCount, condition, actionBits, entryBits, isExact, source
    public var type: ColumnType {
        switch self {
        case .actions, .resources: .offset
        case .actionCount: .listCount(.strings)
        case .resourceCount: .listCount(.typedGlobs)
        case .condition: .optional(.prog)
        case .actionBits: .actionBitmap
        case .entryBits: .entryBitmap
        case .isExact: .below(2)
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
        case .actionCount: .listCount(.records(.actn))
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

/// `memo` numbers conditions that several rules share: it is evaluated once a request.
public enum RuleColumn: Int, BundleColumn {
    case name, effect, condition, memo, message, obligation, source
    public var type: ColumnType {
        switch self {
        case .name: .string
        case .effect: .below(6)
        case .condition, .message: .optional(.prog)
        case .memo: .number
        case .obligation: .index(.valu)
        case .source: .index(.srce)
        }
    }

    /// The effects that refuse: `deny` and `requireApproval`.
    public static let refusals: [UInt32] = [0, 3]
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

/// Where an image lies, in 64-bit words of `code`. `text` is the source of the condition; of conditions that come to the same program, that of
/// the first. There is a span for each instruction of the graph.
public enum ProgramColumn: Int, BundleColumn {
    case word, wordCount, slotCount, text, spans, spanCount
    public var type: ColumnType {
        switch self {
        case .word, .spans: .offset
        case .wordCount: .recordCount(.code)
        case .text: .string
        case .spanCount: .recordCount(.span)
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

/// Where the match index is. There are a bitmap over the policies for each resource (models, then declared types) and for each action, one
/// more for actions that no document names; each is `policyWords` long.
public enum IndexColumn: Int, BundleColumn {
    case policyWords, entryBitmaps, actionBitmaps, always, alwaysCount, users, userCount, accounts, accountCount, memos
    public var type: ColumnType {
        switch self {
        case .always, .users, .accounts: .offset
        case .alwaysCount, .userCount, .accountCount: .recordCount(.post)
        case .policyWords, .entryBitmaps, .actionBitmaps, .memos: .number
        }
    }
}

/// What deciding reads of every policy that may apply, at its place in the match index: one cache line.
///
/// `condition` and `memo` are those of its one rule. Bits of `flags`: its dimensions must be checked
/// one by one always (1), where no document names the request's action (2), where the resource is of a declared type (4); it has variables or
/// several rules (8); its one rule is strict and denies (16). Above these its enforcement.
public enum HotPolicyColumn: Int, BundleColumn {
    /// The words of a `CELDecisionTable`: that of the condition; the one that always holds where there is none; zeros for a policy that is complex.
    case results, resultsHigh, predicates, predicatesHigh
    case firstPayload, firstPayloadHigh, secondPayload, secondPayloadHigh, thirdPayload, thirdPayloadHigh
    case firstHash, secondHash, thirdHash
    case flags, memo, condition
    public var type: ColumnType {
        switch self {
        case .flags: .below(3 << Self.enforcementShift)
        case .condition: .optional(.prog)
        default: .number
        }
    }

    public static let checked: UInt32 = 1
    public static let checkedForUnknownAction: UInt32 = 2
    public static let checkedForDeclaredType: UInt32 = 4
    public static let isComplex: UInt32 = 8
    /// The effect is `deny` or `requireApproval`.
    public static let denies: UInt32 = 16
    public static let enforcementShift: UInt32 = 5
}

/// Which policy is at a place of the match index, and its rules.
public enum PlaceColumn: Int, BundleColumn {
    case policy, rules, ruleCount
    public var type: ColumnType {
        switch self {
        case .policy: .index(.poli)
        case .rules: .offset
        case .ruleCount: .recordCount(.rule)
        }
    }
}

/// Sorted by subject.
public enum AnchorColumn: Int, BundleColumn {
    case subject, posts, postCount, exemptions, exemptionCount
    public var type: ColumnType {
        switch self {
        case .subject: .index(.subj)
        case .posts, .exemptions: .offset
        case .postCount: .recordCount(.post)
        case .exemptionCount: .listCount(.records(.exem))
        }
    }
}

/// The policies that are about one of some values of a slot. `absent` are all of them: without a value, their conditions are errors.
public enum EqualityGroupColumn: Int, BundleColumn {
    case slot, absent, absentCount
    public var type: ColumnType {
        switch self {
        case .slot: .index(.slot)
        case .absent: .offset
        case .absentCount: .recordCount(.post)
        }
    }
}

public enum EqualityValueColumn: Int, BundleColumn {
    case group, text, posts, postCount
    public var type: ColumnType {
        switch self {
        case .group: .index(.eqgr)
        case .text: .string
        case .posts: .offset
        case .postCount: .recordCount(.post)
        }
    }
}
