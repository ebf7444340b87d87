import Foundation

/// Whoever runs the command, as the machine knows them.
enum Operator {
    static var name: String { "\(NSUserName())@\(ProcessInfo.processInfo.hostName)" }
}
