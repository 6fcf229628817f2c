/// The configuration file (TOML): the settings of the environment under their file names, rules for secrets,
/// databases, hooks and event sources.

#pragma once

#include "config/names.h"

#include <string>
#include <vector>

namespace kssedr::config {

/// One `[[rule]]`, its members as text.
struct GivenRule {
    std::map<std::string, std::string, std::less<>> members;
    std::string where;
};

/// One `[[database]]`, `[[hook]]` or `[[source]]`, its members as text, each with its line.
struct GivenTable {
    GivenValues members;
    GivenValues environment{};  ///< those of a hook's table `environment`
    std::string where;
};

/// Between the elements of a hook's lists, which may hold any other character.
inline constexpr char element_end = '\0';

struct FileContents {
    GivenValues values;
    std::vector<GivenRule> rules;
    std::vector<GivenTable> databases;
    std::vector<GivenTable> hooks;
    std::vector<GivenTable> sources;
};

/// Reads and takes apart; what is wrong, with line and column where TOML has them, goes to `problems`.
[[nodiscard]] FileContents read_file(std::string const& path, Problems& problems);

}  // namespace kssedr::config
