/// Files that tests read: the project's own vectors, and samples kept beside the repository where they are.

#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace kssedr::test {

inline std::string read_file(std::filesystem::path const& path) {
    std::ifstream in(path, std::ios::binary);
    EXPECT_TRUE(in) << "cannot read " << path;
    return {std::istreambuf_iterator<char>(in), {}};
}

/// A file of test/vectors/.
inline std::string read_vector(std::string const& name) {
    return read_file(std::filesystem::path(KSSEDR_SOURCE_DIR) / "test/vectors" / name);
}

/// A file of the samples that are no part of the project: in the folder KSSEDR_SHARED names, else in `shared` beside
/// the repository. Nothing where there are none; a test then leaves that part out.
inline std::optional<std::string> read_shared(std::string const& name) {
    char const* const named = std::getenv("KSSEDR_SHARED");
    auto const root = named != nullptr ? std::filesystem::path(named)
                                       : std::filesystem::path(KSSEDR_SOURCE_DIR).parent_path() / "shared";
    if (!std::filesystem::exists(root / name)) return std::nullopt;
    return read_file(root / name);
}

}  // namespace kssedr::test
