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

/// Adds to a sum over rows, in the lanes that have the row.
template <class T, class Term>
void add_to_sum(const Target<T>& sum, const T* has_row, Term term) {
    if (has_row == nullptr) {
        sum.fill([&](std::size_t i) { return term(i, load(sum.to + i)); });
    } else {
        sum.fill([&](std::size_t i) {
            const Batch<T> before = load(sum.to + i);
            return xsimd::select(is_zero(load(has_row + i)), before, term(i, before));
        });
    }
}

/// Where a program has its rows; what is only read is not const here.
template <class T>
struct Spaces {
    struct Rows {
        T* base;
        std::size_t pitch;
    };
    Rows of[spaces];
    const T* has_row = nullptr;  ///< where only some lanes have the row of the data

    T* at(std::uint32_t operand) const {
        const Rows& space = of[operand >> space_shift];
        return space.base + (operand & index_mask) * space.pitch;
    }
    Row<T> read(std::uint32_t operand) const {
        const std::uint32_t space = operand >> space_shift;
        return {at(operand), space == constant || space == shared_column};
    }
};

template <class T>
void interpret(const Instruction* first, const Instruction* last, std::size_t lanes, const Spaces<T>& rows) {
    using B = Batch<T>;
    for (const Instruction* i = first; i != last; ++i) {
        const Target<T> target{rows.at(i->to), lanes};
        const auto unary = [&](auto operation) { target.unary(operation, rows.read(i->a)); };
        const auto binary = [&](auto operation) {
            target.binary(operation, rows.read(i->a), rows.read(i->b));
        };
        const auto ternary = [&](auto operation) {
            target.ternary(operation, rows.read(i->a), rows.read(i->b), rows.read(i->c));
        };
        switch (i->op) {
            case Opcode::twins:
                twins<T>[i->variant](target, rows.at(i->e), rows.read(i->a), rows.read(i->b), rows.read(i->c),
                                     rows.read(i->d));
                break;
            case Opcode::sincos: sincos_rows(target.to, rows.at(i->b), lanes, rows.read(i->a)); break;
            case Opcode::sum_rows: {
                const Column<T> as(rows.read(i->a));
                add_to_sum(target, rows.has_row, [&](std::size_t lane, B sum) { return sum + as[lane]; });
                break;
            }
            case Opcode::sum_products: {
                const Column<T> as(rows.read(i->a));
                const Column<T> bs(rows.read(i->b));
                add_to_sum(target, rows.has_row,
                           [&](std::size_t lane, B sum) { return fma(as[lane], bs[lane], sum); });
                break;
            }
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

template <class T>
void enter_row(Spaces<T>& rows, const DataRows<T>& data, std::size_t row, std::size_t lanes) {
    for (std::size_t column = 0; column < data.shared_columns; ++column) {
        const Batch<T> number(data.shared[row * data.shared_columns + column]);
        T* to = rows.of[shared_column].base + column * lanes;
        for (std::size_t i = 0; i < lane_group; i += Batch<T>::size) store(to + i, number);
    }
    const T* by_lane = data.by_lane + row * data.lane_columns * lanes;
    rows.of[lane_column].base = const_cast<T*>(by_lane);
    rows.has_row = row < data.least ? nullptr : by_lane + (data.lane_columns - 1) * lanes;
}

template <class T>
void interpret(const Instructions<T>& code, std::size_t lanes, const T* x, T* scratch, T* f, T* g) {
    Spaces<T> rows{.of = {{const_cast<T*>(x), lanes},
                          {scratch, lanes},
                          {const_cast<T*>(code.constants), lane_group},
                          {g, lanes},
                          {f, lanes},
                          {scratch + code.registers * lanes, lanes},
                          {nullptr, lanes},
                          {nullptr, lanes}}};
    if (code.section_count == 0) {
        interpret(code.first, code.first + code.count, lanes, rows);
        return;
    }
    const DataRows<T>& data = *code.data;
    rows.of[parameter].base = const_cast<T*>(data.parameters);
    const Instruction* first = code.first;
    for (std::size_t s = 0; s < code.section_count; ++s) {
        const Instruction* last = code.first + code.sections[s].end;
        const std::size_t count = code.sections[s].is_for_each_row ? data.most : 1;
        for (std::size_t row = 0; row < count; ++row) {
            if (code.sections[s].is_for_each_row) enter_row(rows, data, row, lanes);
            interpret(first, last, lanes, rows);
        }
        first = last;
    }
}

}  // namespace
}  // namespace lanewise::kernels
