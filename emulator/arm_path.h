/// ArmPath: a path of Resource Manager taken apart, and the name of what it asks for.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kssedr::emulator {

struct ArmPath {
    std::string subscription;
    std::string group;
    std::string provider;  ///< `Microsoft.Storage`, as it was written
    std::string type;      ///< `storageAccounts`
    std::string name;
    std::string action;  ///< `listKeys`
    std::string other;   ///< the first segment that fits no place
};

/// Total: what fits no place is in `other`.
[[nodiscard]] ArmPath parse_arm_path(std::vector<std::string> const& segments);

/// `keys.list`, `vault.get`, …; `other` for what this local Azure does not know.
[[nodiscard]] std::string find_arm_operation(std::string_view method, ArmPath const& path,
                                             std::vector<std::string> const& segments);

}  // namespace kssedr::emulator
