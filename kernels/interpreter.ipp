// The block interpreter: each instruction runs over all lanes of a tile before the next, so that decoding is
// paid once per tile and every row stays in L1.
#pragma once

#include <array>
#include <utility>

#include "operations.hpp"

namespace lanewise::kernels {
namespace {

/// A row to read: numbers lane by lane, or one vector that stands for all of them.
template <class T>
struct Row {
    const T* at;
    bool constant;
};

/// The row an instruction writes; constants are read once.
template <class T>
struct Target {
    using B = Batch<T>;

    T* to;
    std::size_t lanes;

    template <class Operation>
    void fill(Operation operation) const {
        for (std::size_t group = 0; group < lanes; group += lane_group) {
            for (std::size_t i = group; i < group + lane_group; i += B::size) store(to + i, operation(i));
        }
    }

    template <class Operation>
    void unary(Operation operation, Row<T> a) const {
        if (a.constant) {
            const B constant = load(a.at);
            fill([&](std::size_t) { return operation(constant); });
        } else {
            fill([&](std::size_t i) { return operation(load(a.at + i)); });
        }
    }

    template <class Operation>
    void binary(Operation operation, Row<T> a, Row<T> b) const {
        if (a.constant) {
            const B constant = load(a.at);
            unary([&](B y) { return operation(constant, y); }, b);
        } else if (b.constant) {
            const B constant = load(b.at);
            fill([&](std::size_t i) { return operation(load(a.at + i), constant); });
        } else {
            fill([&](std::size_t i) { return operation(load(a.at + i), load(b.at + i)); });
        }
    }

    template <class Operation>
    void ternary(Operation operation, Row<T> a, Row<T> b, Row<T> c) const {
        if (a.constant) {
            const B constant = load(a.at);
            binary([&](B y, B z) { return operation(constant, y, z); }, b, c);
        } else if (b.constant) {
            const B constant = load(b.at);
            binary([&](B x, B z) { return operation(x, constant, z); }, a, c);
        } else if (c.constant) {
            const B constant = load(c.at);
            fill([&](std::size_t i) { return operation(load(a.at + i), load(b.at + i), constant); });
        } else {
            fill([&](std::size_t i) { return operation(load(a.at + i), load(b.at + i), load(c.at + i)); });
        }
    }
};

/// A row to read at any lane of a tile; constants repeat.
template <class T>
struct Column {
    explicit Column(Row<T> row) : at(row.at), wrap(row.constant ? lane_group - 1 : ~std::size_t{0}) {}
    Batch<T> operator[](std::size_t i) const { return load(at + (i & wrap)); }

    const T* at;
    std::size_t wrap;
};

template <Opcode op, class T>
Batch<T> multiply_add(Batch<T> a, Batch<T> b, Batch<T> c) {
    if constexpr (op == Opcode::fma) return fma(a, b, c);
    if constexpr (op == Opcode::fms) return fms(a, b, c);
    if constexpr (op == Opcode::fnma) return fnma(a, b, c);
}

template <int variant, class T>
void run_twins(const Target<T>& target, T* second, Row<T> a, Row<T> b, Row<T> c, Row<T> d) {
    const Column<T> as(a);
    const Column<T> bs(b);
    const Column<T> cs(c);
    const Column<T> ds(d);
    target.fill([&](std::size_t i) {
        const Batch<T> x = as[i];
        const Batch<T> y = bs[i];
        const Batch<T> first = multiply_add<twin_first(variant)>(x, y, cs[i]);
        store(second + i, multiply_add<twin_second(variant)>(x, y, ds[i]));
        return first;
    });
}

template <class T, int... variants>
constexpr auto all_twins(std::integer_sequence<int, variants...>) {
    return std::array{run_twins<variants, T>...};
}
template <class T>
inline constexpr auto twins =
    all_twins<T>(std::make_integer_sequence<int, twin_kind_count * twin_kind_count>());

template <class T>
void sincos_rows(T* to_sin, T* to_cos, std::size_t lanes, Row<T> row) {
    for (std::size_t i = 0; i < lanes; i += Batch<T>::size) {
        const SinCos<T> both = sincos(load(row.at + (row.constant ? 0 : i)));
        store(to_sin + i, both.sin);
        store(to_cos + i, both.cos);
    }
}

template <class T>
void interpret(const Instructions<T>& code, std::size_t lanes, const T* x, T* scratch, T* f, T* g) {
    using B = Batch<T>;
    struct Rows {
        T* base;
        std::size_t pitch;
    };
    // The spaces of variables and constants are only read.
    const Rows rows[spaces] = {{const_cast<T*>(x), lanes},
                               {scratch, lanes},
                               {const_cast<T*>(code.constants), lane_group},
                               {g, lanes},
                               {f, lanes}};
    const auto at = [&rows](std::uint32_t operand) {
        const Rows& space = rows[operand >> space_shift];
        return space.base + (operand & index_mask) * space.pitch;
    };
    const auto read = [&](std::uint32_t operand) {
        return Row<T>{at(operand), operand >> space_shift == constant};
    };
    for (const Instruction* i = code.first; i != code.first + code.count; ++i) {
        const Target<T> target{at(i->to), lanes};
        const auto unary = [&](auto operation) { target.unary(operation, read(i->a)); };
        const auto binary = [&](auto operation) { target.binary(operation, read(i->a), read(i->b)); };
        const auto ternary = [&](auto operation) {
            target.ternary(operation, read(i->a), read(i->b), read(i->c));
        };
        switch (i->op) {
            case Opcode::twins:
                twins<T>[i->variant](target, at(i->e), read(i->a), read(i->b), read(i->c), read(i->d));
                break;
            case Opcode::sincos: sincos_rows(target.to, at(i->b), lanes, read(i->a)); break;
#define LANEWISE_CASE_1(name)                          \
    case Opcode::name:                                 \
        unary([](B a) { return operation::name(a); }); \
        break;
#define LANEWISE_CASE_2(name)                                   \
    case Opcode::name:                                          \
        binary([](B a, B b) { return operation::name(a, b); }); \
        break;
#define LANEWISE_CASE_3(name)                                            \
    case Opcode::name:                                                   \
        ternary([](B a, B b, B c) { return operation::name(a, b, c); }); \
        break;
#define LANEWISE_CASE(name, operands, ...) LANEWISE_CASE_##operands(name)
                LANEWISE_SIMPLE_OPERATIONS(LANEWISE_CASE)
                LANEWISE_FUNCTIONS(LANEWISE_CASE)
#undef LANEWISE_CASE
#undef LANEWISE_CASE_3
#undef LANEWISE_CASE_2
#undef LANEWISE_CASE_1
        }
    }
}

}  // namespace
}  // namespace lanewise::kernels
