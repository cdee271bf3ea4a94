// The body of every <isa>.cpp: instantiates the kernels for the architecture the file names and fills its
// table, the only symbol that leaves the file.
#include "adam.ipp"
#include "interpreter.ipp"

namespace lanewise::kernels {
namespace {

template <class T>
constexpr Functions<T> all_functions() {
    return {advance<T, Adam>, look<T>, interpret<T>};
}

}  // namespace

extern const Table LANEWISE_TABLE = {LANEWISE_ISA_NAME, all_functions<double>(), all_functions<float>()};

}  // namespace lanewise::kernels
