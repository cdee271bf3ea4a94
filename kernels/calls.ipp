// The functions that machine code calls, with vectors in registers.
#pragma once

#include "operations.hpp"

namespace lanewise::kernels {
namespace {

template <class T>
Register<T> sincos_call(Register<T> x, T* cosine) {
    const SinCos<T> both = sincos(Batch<T>(x));
    store(cosine, both.cos);
    return both.sin;
}

/// A table's pointers are constants, which a cast is not: hence a function that casts.
template <class T>
Call call_of(Opcode op) {
    using Unary = Register<T> (*)(Register<T>);
    using Binary = Register<T> (*)(Register<T>, Register<T>);
    switch (op) {
#define LANEWISE_CALL_1(name)                                                                         \
    case Opcode::name: {                                                                              \
        const Unary call = [](Register<T> a) -> Register<T> { return operation::name(Batch<T>(a)); }; \
        return reinterpret_cast<Call>(call);                                                          \
    }
#define LANEWISE_CALL_2(name)                                                 \
    case Opcode::name: {                                                      \
        const Binary call = [](Register<T> a, Register<T> b) -> Register<T> { \
            return operation::name(Batch<T>(a), Batch<T>(b));                 \
        };                                                                    \
        return reinterpret_cast<Call>(call);                                  \
    }
#define LANEWISE_CALL(name, operands, ...) LANEWISE_CALL_##operands(name)
        LANEWISE_FUNCTIONS(LANEWISE_CALL)
        LANEWISE_CALL_1(gamma)
        LANEWISE_CALL_1(digamma)
        LANEWISE_CALL_1(sin)
        LANEWISE_CALL_1(cos)
#undef LANEWISE_CALL
#undef LANEWISE_CALL_2
#undef LANEWISE_CALL_1
        case Opcode::sincos: return reinterpret_cast<Call>(&sincos_call<T>);
        default: return nullptr;
    }
}

}  // namespace
}  // namespace lanewise::kernels
