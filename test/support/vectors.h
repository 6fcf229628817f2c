/// Files that tests read: the project's own vectors, and samples kept beside the repository where they are.

#pragma once

#include <gtest/gtest.h>

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

/// A file of samples that are no part of the project: below what KSSEDR_SHARED named when the build was configured,
/// else `shared` beside the repository. Nothing where there are none; a test then leaves that part out.
inline std::optional<std::string> read_shared(std::string const& name) {
    auto const path = std::filesystem::path(KSSEDR_SAMPLES_DIR) / name;
    if (!std::filesystem::exists(path)) return std::nullopt;
    return read_file(path);
}

}  // namespace kssedr::test
