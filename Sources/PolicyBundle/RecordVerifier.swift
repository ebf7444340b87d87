import CEL

/// Checks the words of records by the types of their columns, a column at a time.
struct RecordVerifier {
    private let records: BundleRecords
    private let strings: UInt32
    private let entryWords: Int
    private let actionWords: Int
    private let attributeCount: Int

    /// - Precondition: there is a record of `meta`.
    init(_ records: BundleRecords) {
        self.records = records
        strings = UInt32(records.count(.strx) - 1)
        entryWords = BundleFormat.bitmapWords(records.count(.modl) + records.count(.rtyp))
        actionWords = BundleFormat.bitmapWords(records.count(.actn) + 1)
        attributeCount = Int(records.word(.meta, 0, MetaColumn.subjectAttributeCount))
    }

    func verify(_ section: BundleSection) throws(BundleError) {
        let stride = section.stride
        let words = records.words(section)
        let count = records.count(section)
        for (column, type) in section.columns.enumerated() {
            for row in 0..<count {
                let place = row * stride + column
                let word = words[place]
                let isGood =
                    switch type {
                    case .number, .offset: true
                    case .below(let bound): word < bound
                    case .string: word < strings
                    case .optionalString: word == BundleFormat.none || word < strings
                    case .index(let target): word < UInt32(records.count(target))
                    case .optional(let target): word == BundleFormat.none || word < UInt32(records.count(target))
                    case .recordCount(let target): UInt64(words[place - 1]) + UInt64(word) <= UInt64(records.count(target))
                    case .listCount(let element): isList(words[place - 1], word, element)
                    case .attributeList: isAttributeList(word)
                    case .entryBitmap: isBitmap(word, entryWords)
                    case .actionBitmap: isBitmap(word, actionWords)
                    }
                guard isGood else { throw BundleVerifier.wrong(section, row) }
            }
        }
    }

    /// Sections that no columns describe.
    func verifyPlain() throws(BundleError) {
        for row in 0..<records.count(.srce) where records.words(.srce)[row * 3] >= strings { throw BundleVerifier.wrong(.srce, row) }
        for row in 0..<records.count(.iden) {
            let record = records.words(.iden) + row * 3
            guard record[0] < strings, record[1] < 2, record[2] < UInt32(records.count(.subj)) else {
                throw BundleVerifier.wrong(.iden, row)
            }
        }
        for row in 0..<records.count(.slot) {
            let record = records.words(.slot) + row * 3
            guard record[0] < strings, record[1] < strings, record[2] < 2 else { throw BundleVerifier.wrong(.slot, row) }
        }
        for row in 0..<records.count(.actn) where records.words(.actn)[row] >= strings { throw BundleVerifier.wrong(.actn, row) }
    }

    private func isList(_ offset: UInt32, _ count: UInt32, _ element: ColumnType.ListElement) -> Bool {
        guard UInt64(offset) + UInt64(count) <= UInt64(records.count(.list)) else { return false }
        let list = records.words(.list) + Int(offset)
        let limit: UInt32
        switch element {
        case .strings: limit = strings
        case .typedGlobs:
            guard count % 2 == 0 else { return false }
            limit = strings
        case .records(let target): limit = UInt32(records.count(target))
        }
        for index in 0..<Int(count) where list[index] >= limit { return false }
        return true
    }

    private func isAttributeList(_ offset: UInt32) -> Bool {
        guard Int(offset) + attributeCount <= records.count(.list) else { return false }
        let list = records.words(.list) + Int(offset)
        let limit = UInt32(records.count(.valu))
        for index in 0..<attributeCount where list[index] != BundleFormat.none && list[index] >= limit { return false }
        return true
    }

    private func isBitmap(_ offset: UInt32, _ words: Int) -> Bool { Int(offset) + words <= records.count(.bits) }

    /// Texts that conditions compare with: each is read where it is said to be.
    func verifyConstants() throws(BundleError) {
        let capacity = records.count(.txtc)
        let size = records.textMemory.count - BundleFormat.trailer
        var empty = 0
        for row in 0..<capacity {
            let record = records.words(.txtc) + row * 3
            if record[2] == BundleFormat.none {
                empty += 1
            } else if Int(record[1]) + Int(record[2]) > size {
                throw BundleVerifier.wrong(.txtc, row)
            } else {
                let text = UnsafeRawBufferPointer(rebasing: records.textMemory[Int(record[1])..<Int(record[1]) + Int(record[2])])
                // A cell made of it must be what it would be if it were copied from a request: valid, and with its hash.
                guard CELActivation.hash(of: text) == record[0], UTF8Check.isValid(text.assumingMemoryBound(to: UInt8.self)) else {
                    throw BundleVerifier.wrong(.txtc, row)
                }
            }
        }
        guard capacity > 0, capacity & (capacity - 1) == 0, empty > 0 else {
            throw BundleVerifier.damaged("the hash table `txtc` has the wrong size or is full")
        }
    }

    /// The first post of a record is what stands in the record.
    private func verifyFirstPosts(_ section: BundleSection, _ posts: Int, _ first: Int) throws(BundleError) {
        for row in 0..<records.count(section) {
            let record = records.record(section, row)
            if record[posts + 1] == 0 { continue }
            let post = records.record(.post, Int(record[posts]))
            guard (record[first], record[first + 1], record[first + 2]) == (post[0], post[1], post[2]) else {
                throw BundleVerifier.wrong(section, row)
            }
        }
    }

    /// The match index: the engine scans it without looking where it goes.
    func verifyIndex() throws(BundleError) {
        let policies = records.count(.hotp)
        let words = Int(records.word(.indx, 0, IndexColumn.policyWords))
        let entries = records.count(.modl) + records.count(.rtyp)
        let actions = records.count(.actn) + 1
        guard words == BundleFormat.bitmapWords(policies), policies == records.count(.poli),
            policies == records.count(.plac)
        else {
            throw BundleVerifier.damaged("its match index has the wrong size")
        }
        guard Int(records.word(.indx, 0, IndexColumn.entryBitmaps)) + entries * words <= records.count(.bits),
            Int(records.word(.indx, 0, IndexColumn.actionBitmaps)) + actions * words <= records.count(.bits)
        else { throw BundleVerifier.damaged("its match index is cut off") }
        for row in 0..<records.count(.post) {
            let record = records.words(.post) + row * 3
            let bits = UInt64(record[1]) | UInt64(record[2]) << 32
            // A bit stands for a policy: none may be set behind the last. The engine notes a word when its first bit is set.
            guard Int(record[0]) < words, bits != 0, Int(record[0]) * 64 + 63 - bits.leadingZeroBitCount < policies else {
                throw BundleVerifier.wrong(.post, row)
            }
        }
        try verifyFirstPosts(.team, TeamColumn.posts.rawValue, TeamColumn.firstWord.rawValue)
        try verifyFirstPosts(.role, RoleColumn.posts.rawValue, RoleColumn.firstWord.rawValue)
        guard records.count(.grnt) == records.count(.role) * actions else {
            throw BundleVerifier.damaged("its table of grants has the wrong size")
        }
        for row in 0..<records.count(.grnt) {
            let word = records.words(.grnt)[row]
            guard word == BundleFormat.none || isBitmap(word, entryWords) else { throw BundleVerifier.wrong(.grnt, row) }
        }
        let memos = records.word(.indx, 0, IndexColumn.memos)
        for row in 0..<records.count(.rule) {
            let memo = records.word(.rule, row, RuleColumn.memo)
            guard memo == BundleFormat.none || memo < memos else { throw BundleVerifier.wrong(.rule, row) }
        }
        for row in 0..<policies {
            let memo = records.word(.hotp, row, HotPolicyColumn.memo)
            let isComplex = records.word(.hotp, row, HotPolicyColumn.flags) & HotPolicyColumn.isComplex != 0
            guard memo == BundleFormat.none || memo < memos, isComplex || records.word(.plac, row, PlaceColumn.ruleCount) == 1 else {
                throw BundleVerifier.wrong(.hotp, row)
            }
            let policy = Int(records.word(.plac, row, PlaceColumn.policy))
            let enforcement = records.word(.poli, policy, PolicyColumn.enforcement)
            let flags = records.word(.hotp, row, HotPolicyColumn.flags)
            guard flags >> HotPolicyColumn.enforcementShift == enforcement else { throw BundleVerifier.wrong(.hotp, row) }
            guard records.word(.plac, row, PlaceColumn.ruleCount) == 1 else {
                guard flags & HotPolicyColumn.denies == 0 else { throw BundleVerifier.wrong(.hotp, row) }
                continue
            }
            // An error that the index finds is put into words by the rule's own condition, which must be there.
            let rule = Int(records.word(.plac, row, PlaceColumn.rules))
            let isRefusal = RuleColumn.refusals.contains(records.word(.rule, rule, RuleColumn.effect))
            guard (flags & HotPolicyColumn.denies != 0) == (enforcement == 0 && isRefusal) else { throw BundleVerifier.wrong(.hotp, row) }
            guard records.word(.hotp, row, HotPolicyColumn.condition) == records.word(.rule, rule, RuleColumn.condition),
                memo == records.word(.rule, rule, RuleColumn.memo)
            else { throw BundleVerifier.wrong(.hotp, row) }
        }
        guard memos <= UInt32(records.count(.rule)) else { throw BundleVerifier.damaged("it has more shared conditions than rules") }
        for row in 1..<max(1, records.count(.anch))
        where records.word(.anch, row - 1, AnchorColumn.subject) >= records.word(.anch, row, AnchorColumn.subject) {
            throw BundleVerifier.wrong(.anch, row)
        }
    }
}

extension BundleFormat {
    /// 64-bit words of a bitmap of so many bits.
    public static func bitmapWords(_ bits: Int) -> Int { (bits + 63) / 64 }
}
