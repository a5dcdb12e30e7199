// What the cube core cannot do.
// RUN: xdsl-opt %s --split-input-file --parsing-diagnostics --verify-diagnostics | filecheck %s

// Factors are in l1.
// CHECK: npu.mmad: lhs must be in l1, but is in ub
func.func @f(%a: memref<16x32xf32, #npu.scope<ub>>, %b: memref<32x16xf32, #npu.scope<l1>>, %c: memref<16x16xf32, #npu.scope<l0c>>, %d: i1) {
  npu.mmad ins(%a, %b : memref<16x32xf32, #npu.scope<ub>>, memref<32x16xf32, #npu.scope<l1>>) outs(%c : memref<16x16xf32, #npu.scope<l0c>>) init %d : i1
  func.return
}

// -----

// Both.
// CHECK: npu.mmad: rhs must be in l1, but is in global
func.func @f(%a: memref<16x32xf32, #npu.scope<l1>>, %b: memref<32x16xf32, #npu.scope<global>>, %c: memref<16x16xf32, #npu.scope<l0c>>, %d: i1) {
  npu.mmad ins(%a, %b : memref<16x32xf32, #npu.scope<l1>>, memref<32x16xf32, #npu.scope<global>>) outs(%c : memref<16x16xf32, #npu.scope<l0c>>) init %d : i1
  func.return
}

// -----

// The accumulator is in l0c.
// CHECK: npu.mmad: acc must be in l0c, but is in l1
func.func @f(%a: memref<16x32xf32, #npu.scope<l1>>, %b: memref<32x16xf32, #npu.scope<l1>>, %c: memref<16x16xf32, #npu.scope<l1>>, %d: i1) {
  npu.mmad ins(%a, %b : memref<16x32xf32, #npu.scope<l1>>, memref<32x16xf32, #npu.scope<l1>>) outs(%c : memref<16x16xf32, #npu.scope<l1>>) init %d : i1
  func.return
}

// -----

// All are matrices.
// CHECK: npu.mmad: operands have two dimensions, got {{\[}}2, 16, 32]
func.func @f(%a: memref<2x16x32xf32, #npu.scope<l1>>, %b: memref<32x16xf32, #npu.scope<l1>>, %c: memref<16x16xf32, #npu.scope<l0c>>, %d: i1) {
  npu.mmad ins(%a, %b : memref<2x16x32xf32, #npu.scope<l1>>, memref<32x16xf32, #npu.scope<l1>>) outs(%c : memref<16x16xf32, #npu.scope<l0c>>) init %d : i1
  func.return
}

// -----

// m agrees.
// CHECK: npu.mmad: m is 16 and 32
func.func @f(%a: memref<16x32xf32, #npu.scope<l1>>, %b: memref<32x16xf32, #npu.scope<l1>>, %c: memref<32x16xf32, #npu.scope<l0c>>, %d: i1) {
  npu.mmad ins(%a, %b : memref<16x32xf32, #npu.scope<l1>>, memref<32x16xf32, #npu.scope<l1>>) outs(%c : memref<32x16xf32, #npu.scope<l0c>>) init %d : i1
  func.return
}

// -----

// k agrees.
// CHECK: npu.mmad: k is 32 and 16
func.func @f(%a: memref<16x32xf32, #npu.scope<l1>>, %b: memref<16x32xf32, #npu.scope<l1>>, %c: memref<16x32xf32, #npu.scope<l0c>>, %d: i1) {
  npu.mmad ins(%a, %b : memref<16x32xf32, #npu.scope<l1>>, memref<16x32xf32, #npu.scope<l1>>) outs(%c : memref<16x32xf32, #npu.scope<l0c>>) init %d : i1
  func.return
}

// -----

// n agrees.
// CHECK: npu.mmad: n is 16 and 32
func.func @f(%a: memref<16x32xf32, #npu.scope<l1>>, %b: memref<32x16xf32, #npu.scope<l1>>, %c: memref<16x32xf32, #npu.scope<l0c>>, %d: i1) {
  npu.mmad ins(%a, %b : memref<16x32xf32, #npu.scope<l1>>, memref<32x16xf32, #npu.scope<l1>>) outs(%c : memref<16x32xf32, #npu.scope<l0c>>) init %d : i1
  func.return
}

// -----

// Also transposed.
// CHECK: npu.mmad: m is 32 and 16
func.func @f(%a: memref<16x32xf32, #npu.scope<l1>>, %b: memref<16x16xf32, #npu.scope<l1>>, %c: memref<16x16xf32, #npu.scope<l0c>>, %d: i1) {
  npu.mmad ins(transposed %a, %b : memref<16x32xf32, #npu.scope<l1>>, memref<16x16xf32, #npu.scope<l1>>) outs(%c : memref<16x16xf32, #npu.scope<l0c>>) init %d : i1
  func.return
}

// -----

// Factors have one dtype.
// CHECK: npu.mmad: multiplies f32 with f16
func.func @f(%a: memref<16x32xf32, #npu.scope<l1>>, %b: memref<32x16xf16, #npu.scope<l1>>, %c: memref<16x16xf32, #npu.scope<l0c>>, %d: i1) {
  npu.mmad ins(%a, %b : memref<16x32xf32, #npu.scope<l1>>, memref<32x16xf16, #npu.scope<l1>>) outs(%c : memref<16x16xf32, #npu.scope<l0c>>) init %d : i1
  func.return
}

// -----

// Whether to initialise is a boolean.
// CHECK: npu.mmad: init must be an i1
func.func @f(%a: memref<16x32xf32, #npu.scope<l1>>, %b: memref<32x16xf32, #npu.scope<l1>>, %c: memref<16x16xf32, #npu.scope<l0c>>, %d: i8) {
  npu.mmad ins(%a, %b : memref<16x32xf32, #npu.scope<l1>>, memref<32x16xf32, #npu.scope<l1>>) outs(%c : memref<16x16xf32, #npu.scope<l0c>>) init %d : i8
  func.return
}

// -----

// fixpipe comes from l0c.
// CHECK: npu.fixpipe: source must be in l0c, but is in l1
func.func @f(%a: memref<16x16xf32, #npu.scope<l1>>, %b: memref<16x16xf32, #npu.scope<global>>) {
  npu.fixpipe %a into %b : memref<16x16xf32, #npu.scope<l1>> into memref<16x16xf32, #npu.scope<global>>
  func.return
}

// -----

// It does not go back there.
// CHECK: npu.fixpipe: destination must be in global or l1 or ub, but is in l0c
func.func @f(%a: memref<16x16xf32, #npu.scope<l0c>>) {
  npu.fixpipe %a into %a : memref<16x16xf32, #npu.scope<l0c>> into memref<16x16xf32, #npu.scope<l0c>>
  func.return
}

// -----

// It converts the dtype, not the shape.
// CHECK: npu.fixpipe: shapes differ: {{\[}}16, 16] into {{\[}}16, 8]
func.func @f(%a: memref<16x16xf32, #npu.scope<l0c>>, %b: memref<16x8xf16, #npu.scope<global>>) {
  npu.fixpipe %a into %b : memref<16x16xf32, #npu.scope<l0c>> into memref<16x8xf16, #npu.scope<global>>
  func.return
}
