#include "azure/kafka_library.h"

namespace kssedr::azure {

Result<Librdkafka> Librdkafka::load() {
    auto library = SharedLibrary::open("librdkafka.so.1", "librdkafka1");
    if (!library) return fail(std::move(library).error());
    Librdkafka functions;
    KSSEDR_LIBRDKAFKA(KSSEDR_LIBRARY_FIND)
    KSSEDR_LIBRDKAFKA_QUEUES(KSSEDR_LIBRARY_FIND)
    KSSEDR_TRY_VOID(library->check());
    return functions;
}

Result<Librdkafka const*> librdkafka() {
    static LazyLibrary<Librdkafka> library;
    return library.get();
}

}  // namespace kssedr::azure
