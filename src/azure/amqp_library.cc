#include "azure/amqp_library.h"

namespace kssedr::azure {

Result<Proton> Proton::load() {
    auto library = SharedLibrary::open("libqpid-proton-core.so.10", "libqpid-proton11");
    if (!library) return fail(std::move(library).error());
    Proton functions;
    KSSEDR_PROTON(KSSEDR_LIBRARY_FIND)
    KSSEDR_TRY_VOID(library->check());
    return functions;
}

Result<Proton const*> Proton::get() {
    static LazyLibrary<Proton> library;
    return library.get();
}

}  // namespace kssedr::azure
