// The block interpreter: each instruction runs over all lanes of a tile before the next, so that decoding is
// paid once per tile and every row stays in L1.
#pragma once

#include "digamma.hpp"
#include "simd.hpp"
#include "sincos.hpp"

namespace lanewise::kernels {
namespace {

/// A row to read. Constants are one lane group long; `wrap` makes every group read it again.
template <class T>
struct Row {
    const T* at;
    std::size_t wrap;
};

template <class T>
Mask<T> is_zero(Batch<T> a) {
    return a == Batch<T>(T(0));
}

template <class T>
Batch<T> one_where(Mask<T> mask) {
    return xsimd::select(mask, Batch<T>(T(1)), Batch<T>(T(0)));
}

template <class T, class Operation, class... Rows>
void for_each_lane(T* to, std::size_t lanes, Operation operation, Rows... rows) {
    constexpr std::size_t size = Batch<T>::size;
    for (std::size_t group = 0; group < lanes; group += lane_group) {
        for (std::size_t i = 0; i < lane_group; i += size)
            store(to + group + i, operation(load(rows.at + (group & rows.wrap) + i)...));
    }
}

template <class T>
void sincos_rows(T* to_sin, T* to_cos, std::size_t lanes, Row<T> row) {
    for (std::size_t lane = 0; lane < lanes; lane += Batch<T>::size) {
        const SinCos<T> both = sincos(load(row.at + lane));
        store(to_sin + lane, both.sin);
        store(to_cos + lane, both.cos);
    }
}

template <class T>
void interpret(const Code<T>& code, std::size_t lanes, const T* x, T* scratch, T* f, T* g) {
    using B = Batch<T>;
    struct Rows {
        T* base;
        std::size_t pitch;
        std::size_t wrap;
    };
    constexpr std::size_t all = ~std::size_t{0};
    // The variable and constant spaces are only read.
    const Rows rows[spaces] = {{const_cast<T*>(x), lanes, all},
                               {scratch, lanes, all},
                               {const_cast<T*>(code.constants), lane_group, 0},
                               {g, lanes, all},
                               {f, lanes, all}};
    const auto read = [&rows](std::uint32_t operand) {
        const Rows& space = rows[operand >> space_shift];
        return Row<T>{space.base + (operand & index_mask) * space.pitch, space.wrap};
    };
    for (const Instruction* i = code.instructions; i != code.instructions + code.count; ++i) {
        const Rows& space = rows[i->to >> space_shift];
        T* to = space.base + (i->to & index_mask) * space.pitch;
        const auto unary = [&](auto operation) { for_each_lane(to, lanes, operation, read(i->a)); };
        const auto binary = [&](auto operation) {
            for_each_lane(to, lanes, operation, read(i->a), read(i->b));
        };
        const auto ternary = [&](auto operation) {
            for_each_lane(to, lanes, operation, read(i->a), read(i->b), read(i->c));
        };
        switch (i->op) {
            case Opcode::copy: unary([](B a) { return a; }); break;
            case Opcode::neg: unary([](B a) { return negate(a); }); break;
            case Opcode::add: binary([](B a, B b) { return a + b; }); break;
            case Opcode::sub: binary([](B a, B b) { return a - b; }); break;
            case Opcode::mul: binary([](B a, B b) { return a * b; }); break;
            case Opcode::div: binary([](B a, B b) { return divide(a, b); }); break;
            case Opcode::fma: ternary([](B a, B b, B c) { return fma(a, b, c); }); break;
            case Opcode::fms: ternary([](B a, B b, B c) { return fms(a, b, c); }); break;
            case Opcode::fnma: ternary([](B a, B b, B c) { return fnma(a, b, c); }); break;
            case Opcode::sqrt: unary([](B a) { return square_root(a); }); break;
            case Opcode::abs: unary([](B a) { return xsimd::abs(a); }); break;
            case Opcode::sign: unary([](B a) { return sign(a); }); break;
            case Opcode::floor: unary([](B a) { return floor(a); }); break;
            case Opcode::ceil: unary([](B a) { return ceil(a); }); break;
            case Opcode::min: binary([](B a, B b) { return min(a, b); }); break;
            case Opcode::max: binary([](B a, B b) { return max(a, b); }); break;
            case Opcode::lt: binary([](B a, B b) { return one_where(a < b); }); break;
            case Opcode::le: binary([](B a, B b) { return one_where(a <= b); }); break;
            case Opcode::eq: binary([](B a, B b) { return one_where(a == b); }); break;
            case Opcode::ne: binary([](B a, B b) { return one_where(~(a == b)); }); break;
            case Opcode::logical_and:
                binary([](B a, B b) { return one_where(~(is_zero(a) | is_zero(b))); });
                break;
            case Opcode::logical_or:
                binary([](B a, B b) { return one_where(~(is_zero(a) & is_zero(b))); });
                break;
            case Opcode::logical_not: unary([](B a) { return one_where(is_zero(a)); }); break;
            case Opcode::select:
                ternary([](B a, B b, B c) { return xsimd::select(is_zero(a), c, b); });
                break;
            case Opcode::digamma: unary([](B a) { return digamma(a); }); break;
            case Opcode::sin: unary([](B a) { return sincos(a).sin; }); break;
            case Opcode::cos: unary([](B a) { return sincos(a).cos; }); break;
            case Opcode::sincos: sincos_rows(to, const_cast<T*>(read(i->b).at), lanes, read(i->a)); break;
#define LANEWISE_CASE_1(name)                      \
    case Opcode::name:                             \
        unary([](B a) { return sleef::name(a); }); \
        break;
#define LANEWISE_CASE_2(name)                               \
    case Opcode::name:                                      \
        binary([](B a, B b) { return sleef::name(a, b); }); \
        break;
#define LANEWISE_CASE(name, operands, accuracy) LANEWISE_CASE_##operands(name)
                LANEWISE_FUNCTIONS(LANEWISE_CASE)
#undef LANEWISE_CASE
#undef LANEWISE_CASE_2
#undef LANEWISE_CASE_1
        }
    }
}

}  // namespace
}  // namespace lanewise::kernels
