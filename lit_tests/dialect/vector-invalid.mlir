// What the vector unit cannot do.
// RUN: xdsl-opt %s --split-input-file --parsing-diagnostics --verify-diagnostics | filecheck %s

// It works in ub.
// CHECK: npu.vexp: operand must be in ub, but is in global
func.func @f(%a: memref<8x64xf32, #npu.scope<global>>, %b: memref<8x64xf32, #npu.scope<ub>>) {
  npu.vexp ins(%a : memref<8x64xf32, #npu.scope<global>>) outs(%b : memref<8x64xf32, #npu.scope<ub>>)
  func.return
}

// -----

// Unary: one dtype.
// CHECK: npu.vexp: operand of f16, destination of f32
func.func @f(%a: memref<8x64xf16, #npu.scope<ub>>, %b: memref<8x64xf32, #npu.scope<ub>>) {
  npu.vexp ins(%a : memref<8x64xf16, #npu.scope<ub>>) outs(%b : memref<8x64xf32, #npu.scope<ub>>)
  func.return
}

// -----

// Unary: one shape.
// CHECK: npu.vabs: shape {{\[}}8, 64] where {{\[}}8, 32] is needed
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: memref<8x32xf32, #npu.scope<ub>>) {
  npu.vabs ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%b : memref<8x32xf32, #npu.scope<ub>>)
  func.return
}

// -----

// Binary: one dtype.
// CHECK: npu.vadd: operand of i32, destination of f32
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: memref<8x64xi32, #npu.scope<ub>>) {
  npu.vadd ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xi32, #npu.scope<ub>>) outs(%a : memref<8x64xf32, #npu.scope<ub>>)
  func.return
}

// -----

// Binary: a scalar has the dtype too.
// CHECK: npu.vmul: operand of f16, destination of f32
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: f16) {
  npu.vmul ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, f16) outs(%a : memref<8x64xf32, #npu.scope<ub>>)
  func.return
}

// -----

// Binary: shapes broadcast to the destination's.
// CHECK: npu.vsub: shape {{\[}}8, 32] does not broadcast to {{\[}}8, 64]
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: memref<8x32xf32, #npu.scope<ub>>) {
  npu.vsub ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x32xf32, #npu.scope<ub>>) outs(%a : memref<8x64xf32, #npu.scope<ub>>)
  func.return
}

// -----

// Binary: a destination is not broadcast to.
// CHECK: npu.vmax: shape {{\[}}8, 64] does not broadcast to {{\[}}8, 1]
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) {
  npu.vmax ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) outs(%b : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>)
  func.return
}

// -----

// Comparison: operands of one dtype.
// CHECK: npu.vcmp: compares f32 with f16
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: memref<8x64xf16, #npu.scope<ub>>, %c: memref<8x64xi8, #npu.scope<ub>>) {
  npu.vcmp <lt> ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf16, #npu.scope<ub>>) outs(%c : memref<8x64xi8, #npu.scope<ub>>)
  func.return
}

// -----

// Comparison: gives bytes.
// CHECK: npu.vcmp: expected i8, got f32
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>) {
  npu.vcmp <lt> ins(%a, %a : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%a : memref<8x64xf32, #npu.scope<ub>>)
  func.return
}

// -----

// Comparison: shapes broadcast.
// CHECK: npu.vcmp: shape {{\[}}8, 32] does not broadcast to {{\[}}8, 64]
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: memref<8x32xf32, #npu.scope<ub>>, %c: memref<8x64xi8, #npu.scope<ub>>) {
  npu.vcmp <lt> ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x32xf32, #npu.scope<ub>>) outs(%c : memref<8x64xi8, #npu.scope<ub>>)
  func.return
}

// -----

// Selection: takes bytes.
// CHECK: npu.vsel: expected i8, got f32
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>) {
  npu.vsel ins(%a, %a, %a : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%a : memref<8x64xf32, #npu.scope<ub>>)
  func.return
}

// -----

// Selection: one dtype.
// CHECK: npu.vsel: operand of f16, destination of f32
func.func @f(%a: memref<8x64xi8, #npu.scope<ub>>, %b: memref<8x64xf32, #npu.scope<ub>>, %c: memref<8x64xf16, #npu.scope<ub>>) {
  npu.vsel ins(%a, %b, %c : memref<8x64xi8, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf16, #npu.scope<ub>>) outs(%b : memref<8x64xf32, #npu.scope<ub>>)
  func.return
}

// -----

// Selection: shapes broadcast.
// CHECK: npu.vsel: shape {{\[}}8, 32] does not broadcast to {{\[}}8, 64]
func.func @f(%a: memref<8x32xi8, #npu.scope<ub>>, %b: memref<8x64xf32, #npu.scope<ub>>) {
  npu.vsel ins(%a, %b, %b : memref<8x32xi8, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%b : memref<8x64xf32, #npu.scope<ub>>)
  func.return
}

// -----

// Conversion: not of the shape.
// CHECK: npu.vcast: shape {{\[}}8, 64] where {{\[}}8, 32] is needed
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: memref<8x32xf16, #npu.scope<ub>>) {
  npu.vcast <rint> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%b : memref<8x32xf16, #npu.scope<ub>>)
  func.return
}

// -----

// Conversion: of the dtype.
// CHECK: npu.vcast: from f32 to itself; use npu.copy
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>) {
  npu.vcast <rint> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%a : memref<8x64xf32, #npu.scope<ub>>)
  func.return
}

// -----

// Fill: one dtype.
// CHECK: npu.vbrc: operand of f16, destination of f32
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: f16) {
  npu.vbrc ins(%b : f16) outs(%a : memref<8x64xf32, #npu.scope<ub>>)
  func.return
}

// -----

// Fill: a tile broadcasts.
// CHECK: npu.vbrc: shape {{\[}}8, 32] does not broadcast to {{\[}}8, 64]
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: memref<8x32xf32, #npu.scope<ub>>) {
  npu.vbrc ins(%b : memref<8x32xf32, #npu.scope<ub>>) outs(%a : memref<8x64xf32, #npu.scope<ub>>)
  func.return
}

// -----

// Reduction: at least one axis.
// CHECK: npu.vreduce: axes {{\[}}] must be distinct, at least one
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) {
  npu.vreduce <sum> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%b : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) axes []
  func.return
}

// -----

// Reduction: each axis once.
// CHECK: npu.vreduce: axes {{\[}}1, 1] must be distinct, at least one
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) {
  npu.vreduce <sum> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%b : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) axes [1, 1]
  func.return
}

// -----

// Reduction: an axis of the tile.
// CHECK: npu.vreduce: axis 2 of a tile of rank 2
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) {
  npu.vreduce <sum> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%b : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) axes [2]
  func.return
}

// -----

// Reduction: the reduced dimension stays, with extent 1.
// CHECK: npu.vreduce: shape {{\[}}8, 64] where {{\[}}8, 1] is needed
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>) {
  npu.vreduce <sum> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%a : memref<8x64xf32, #npu.scope<ub>>) axes [1]
  func.return
}

// -----

// Reduction: one dtype.
// CHECK: npu.vreduce: operand of f16, destination of f32
func.func @f(%a: memref<8x64xf16, #npu.scope<ub>>, %b: memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) {
  npu.vreduce <sum> ins(%a : memref<8x64xf16, #npu.scope<ub>>) outs(%b : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) axes [1]
  func.return
}

// -----

// Reduction: an index is an i32.
// CHECK: npu.vreduce: expected i32, got f32
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) {
  npu.vreduce <argmax> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%b : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) axes [1]
  func.return
}

// -----

// Reduction: an index is of one axis.
// CHECK: npu.vreduce: argmin takes one axis
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: memref<1x1xi32, strided<[8, 1]>, #npu.scope<ub>>) {
  npu.vreduce <argmin> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%b : memref<1x1xi32, strided<[8, 1]>, #npu.scope<ub>>) axes [0, 1]
  func.return
}

// -----

// Scan: one dtype.
// CHECK: npu.vcumulate: operand of f16, destination of f32
func.func @f(%a: memref<8x64xf16, #npu.scope<ub>>, %b: memref<8x64xf32, #npu.scope<ub>>) {
  npu.vcumulate <sum> ins(%a : memref<8x64xf16, #npu.scope<ub>>) outs(%b : memref<8x64xf32, #npu.scope<ub>>) axis 1
  func.return
}

// -----

// Scan: one shape.
// CHECK: npu.vcumulate: shape {{\[}}8, 64] where {{\[}}8, 1] is needed
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) {
  npu.vcumulate <sum> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%b : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) axis 1
  func.return
}

// -----

// Scan: an axis of the tile.
// CHECK: npu.vcumulate: axis 2 of a tile of rank 2
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>) {
  npu.vcumulate <sum> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%a : memref<8x64xf32, #npu.scope<ub>>) axis 2
  func.return
}

// -----

// Transposition: a permutation.
// CHECK: npu.vtranspose: {{\[}}0, 0] does not permute 2 dimensions
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>) {
  npu.vtranspose ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%a : memref<8x64xf32, #npu.scope<ub>>) permutation [0, 0]
  func.return
}

// -----

// Transposition: the permuted shape.
// CHECK: npu.vtranspose: shape {{\[}}8, 64] where {{\[}}64, 8] is needed
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>) {
  npu.vtranspose ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%a : memref<8x64xf32, #npu.scope<ub>>) permutation [1, 0]
  func.return
}

// -----

// Transposition: one dtype.
// CHECK: npu.vtranspose: operand of f32, destination of f16
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: memref<64x8xf16, #npu.scope<ub>>) {
  npu.vtranspose ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%b : memref<64x8xf16, #npu.scope<ub>>) permutation [1, 0]
  func.return
}

// -----

// Indices: an axis of the tile.
// CHECK: npu.varange: axis 2 of a tile of rank 2
func.func @f(%a: memref<8x64xi32, #npu.scope<ub>>) {
  npu.varange outs(%a : memref<8x64xi32, #npu.scope<ub>>) axis 2
  func.return
}

// -----

// Gather: from one dimension.
// CHECK: npu.vgather: the source must have one dimension
func.func @f(%a: memref<8x64xf32, #npu.scope<ub>>, %b: memref<8x64xi32, #npu.scope<ub>>) {
  npu.vgather ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xi32, #npu.scope<ub>>) outs(%a : memref<8x64xf32, #npu.scope<ub>>)
  func.return
}

// -----

// Gather: one dtype.
// CHECK: npu.vgather: operand of f16, destination of f32
func.func @f(%a: memref<64xf16, #npu.scope<ub>>, %b: memref<8x64xi32, #npu.scope<ub>>, %c: memref<8x64xf32, #npu.scope<ub>>) {
  npu.vgather ins(%a, %b : memref<64xf16, #npu.scope<ub>>, memref<8x64xi32, #npu.scope<ub>>) outs(%c : memref<8x64xf32, #npu.scope<ub>>)
  func.return
}

// -----

// Gather: indices are i32.
// CHECK: npu.vgather: expected i32, got f32
func.func @f(%a: memref<64xf32, #npu.scope<ub>>, %b: memref<8x64xf32, #npu.scope<ub>>) {
  npu.vgather ins(%a, %b : memref<64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%b : memref<8x64xf32, #npu.scope<ub>>)
  func.return
}

// -----

// Gather: an index for each element.
// CHECK: npu.vgather: shape {{\[}}8, 1] where {{\[}}8, 64] is needed
func.func @f(%a: memref<64xf32, #npu.scope<ub>>, %b: memref<8x1xi32, strided<[8, 1]>, #npu.scope<ub>>, %c: memref<8x64xf32, #npu.scope<ub>>) {
  npu.vgather ins(%a, %b : memref<64xf32, #npu.scope<ub>>, memref<8x1xi32, strided<[8, 1]>, #npu.scope<ub>>) outs(%c : memref<8x64xf32, #npu.scope<ub>>)
  func.return
}
