/// Libraries that are loaded when they are first needed, since most who run kssedr need none of them: they cost nothing
/// at the start, and no memory before.

#pragma once

#include "base/error.h"

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace kssedr {

/// Stays loaded until the process ends, as libraries that keep threads and handlers of their own must. Its names are
/// seen by nobody else.
class SharedLibrary {
public:
    /// `unavailable` where it is not installed, with the package of Debian's that has it.
    [[nodiscard]] static Result<SharedLibrary> open(std::string const& file, std::string_view package);

    /// Looks a function up. One that is not there is remembered, for `check`.
    template <class Function>
    void find(char const* name, Function*& into) {
        into = reinterpret_cast<Function*>(find_symbol(name));
    }
    /// Whether all that was looked up was there.
    [[nodiscard]] Result<void> check() const;
    /// The folder that it was found in, where what it loads itself lies beside it; empty where that is not told.
    [[nodiscard]] std::string folder() const;

private:
    SharedLibrary(void* handle, std::string file) : handle_(handle), file_(std::move(file)) {}
    void* find_symbol(char const* name);

    void* handle_;
    std::string file_;
    std::string missing_;
};

/// The functions of a library, loaded by whoever asks first. `Functions::load()` gives a Result of them. Any thread.
template <class Functions>
class LazyLibrary {
public:
    Result<Functions const*> get() {
        std::lock_guard const guard(mutex_);
        if (!functions_) {
            KSSEDR_TRY(functions_, Functions::load());
        }
        return &*functions_;
    }

private:
    std::mutex mutex_;
    std::optional<Functions> functions_;
};

}  // namespace kssedr

/// A member for a function of a C library, of its name and type; and its look-up.
#define KSSEDR_LIBRARY_MEMBER(name) decltype(&::name) name = nullptr;
#define KSSEDR_LIBRARY_FIND(name) library->find(#name, functions.name);
