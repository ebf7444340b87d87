import Foundation

/// The environment that the command was given.
enum Environment {
    /// `nil` for a variable that is empty or not set.
    static func text(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
