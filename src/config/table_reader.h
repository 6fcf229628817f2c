/// TableReader: the members of one `[[…]]` of the file, and what is wrong with them.

#pragma once

#include "config/file.h"

#include <span>
#include <string>
#include <string_view>

namespace kssedr::config {

/// Both outlive it.
class TableReader {
public:
    TableReader(GivenTable const& given, Problems& problems) : given_(given), problems_(problems) {}

    [[nodiscard]] bool has(std::string_view name) const { return given_.members.contains(name); }
    /// Without blanks around it; empty where it is not there.
    [[nodiscard]] std::string text(std::string_view name) const;
    /// About a member, at its line where it is written; else at the table's.
    void problem(std::string_view name, std::string const& why);
    /// Whether there was no problem.
    [[nodiscard]] bool is_usable() const { return is_usable_; }
    /// A problem for each member that is none of these, with the nearest; `what` is "a database".
    void check_names(std::string_view what, std::span<std::string_view const> members);
    /// `true` or `false`; anything else is a problem.
    bool flag(std::string_view name);

private:
    GivenTable const& given_;
    Problems& problems_;
    bool is_usable_ = true;
};

}  // namespace kssedr::config
