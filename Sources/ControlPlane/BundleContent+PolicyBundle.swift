import PolicyBundle
import Reconciler

extension BundleContent {
    /// A bundle that is held anyway.
    init(_ bundle: PolicyBundle) {
        self.init(digest: bundle.digest.description, size: bundle.size) { bundle.content($0) }
    }
}
