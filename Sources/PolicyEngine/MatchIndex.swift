import PolicyBundle

/// Where the match index of a bundle lies.
struct MatchIndex: @unchecked Sendable {
    // INVARIANT: as `BundleRecords`; `fullActions` is written before `init` returns and never after, and released by the engine.
    let policyWords: Int
    let policyCount: Int
    let entryBitmaps: UnsafePointer<UInt64>
    let actionBitmaps: UnsafePointer<UInt64>
    let posts: UnsafePointer<UInt32>
    let always: (first: Int, count: Int)
    let users: (first: Int, count: Int)
    let accounts: (first: Int, count: Int)
    let modelCount: Int
    let actionCount: Int
    let groupCount: Int
    let exemptionCount: Int
    let memoCount: Int
    /// For each action, whether all policies are about it.
    private let fullActions: UnsafeMutablePointer<Bool>

    init(_ records: BundleRecords) {
        func range(_ first: IndexColumn, _ count: IndexColumn) -> (first: Int, count: Int) {
            (Int(records.word(.indx, 0, first)), Int(records.word(.indx, 0, count)))
        }
        policyWords = Int(records.word(.indx, 0, IndexColumn.policyWords))
        policyCount = records.count(.hotp)
        entryBitmaps = records.doubleWords(.bits) + Int(records.word(.indx, 0, IndexColumn.entryBitmaps))
        actionBitmaps = records.doubleWords(.bits) + Int(records.word(.indx, 0, IndexColumn.actionBitmaps))
        posts = records.words(.post)
        always = range(.always, .alwaysCount)
        users = range(.users, .userCount)
        accounts = range(.accounts, .accountCount)
        modelCount = records.count(.modl)
        actionCount = records.count(.actn)
        groupCount = records.count(.eqgr)
        exemptionCount = records.count(.exem)
        memoCount = Int(records.word(.indx, 0, IndexColumn.memos))
        fullActions = .allocate(capacity: actionCount + 1)
        for action in 0...actionCount {
            let bitmap = UnsafeBufferPointer(start: actionBitmaps + action * policyWords, count: policyWords)
            (fullActions + action).initialize(to: bitmap.reduce(0) { $0 + $1.nonzeroBitCount } == policyCount)
        }
    }

    func isFull(action: Int) -> Bool { fullActions[action] }

    func release() { fullActions.deallocate() }
}
