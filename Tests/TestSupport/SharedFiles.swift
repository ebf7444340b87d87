import Foundation

/// Real data and conformance cases that stand beside the repository: `CHARTER_SHARED` names the folder, or one above this file is called `shared`.
package enum SharedFiles {
    /// nil where it is not at hand.
    package static func path(_ name: String) -> String? {
        var candidates = [ProcessInfo.processInfo.environment["CHARTER_SHARED"]].compactMap { $0 }
        var folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            candidates.append(folder.appendingPathComponent("shared").path)
        }
        return candidates.map { "\($0)/\(name)" }.first { FileManager.default.fileExists(atPath: $0) }
    }
}
