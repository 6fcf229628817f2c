#include "base/shared_library.h"

#include "base/ascii.h"

#include <array>
#include <climits>

#include <dlfcn.h>

namespace kssedr {

Result<SharedLibrary> SharedLibrary::open(std::string const& file, std::string_view package) {
    void* const handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle != nullptr) return SharedLibrary(handle, file);
    char const* const why = ::dlerror();
    return fail(Errc::unavailable, file + " can not be loaded; install Debian's package " + std::string(package) +
                                       " where kssedr runs (" +
                                       escape_for_display(why == nullptr ? "no reason told" : why) + ")");
}

void* SharedLibrary::find_symbol(char const* name) {
    void* const symbol = ::dlsym(handle_, name);
    if (symbol == nullptr && missing_.empty()) missing_ = name;
    return symbol;
}

Result<void> SharedLibrary::check() const {
    if (missing_.empty()) return {};
    return fail(Errc::unavailable, file_ + " has no " + missing_ + "; it is older than what kssedr is made for");
}

std::string SharedLibrary::folder() const {
    std::array<char, PATH_MAX> folder{};
    return ::dlinfo(handle_, RTLD_DI_ORIGIN, folder.data()) == 0 ? std::string(folder.data()) : std::string();
}

}  // namespace kssedr
