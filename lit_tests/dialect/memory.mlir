// Buffers and the instructions that move tiles between scopes.
// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

npu.kernel @k ins(%x: memref<16x64xf32, #npu.scope<global>>) outs(%y: memref<16x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  // A buffer names its scope in its type. Its address in bytes is set by npu-plan-memory.
  // CHECK: %a = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  // GENERIC: %a = "npu.alloc"() : () -> memref<8x64xf32, #npu.scope<ub>>
  %a = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  // CHECK: %b = npu.alloc at 2048 : memref<8x64xf32, #npu.scope<ub>>
  // GENERIC: %b = "npu.alloc"() <{address = 2048 : i64}> : () -> memref<8x64xf32, #npu.scope<ub>>
  %b = npu.alloc at 2048 : memref<8x64xf32, #npu.scope<ub>>

  // Rows in ub start on 32 bytes: the row stride is padded, and visible.
  // CHECK: %p = npu.alloc : memref<3x33xf32, strided<[40, 1]>, #npu.scope<ub>>
  // GENERIC: %p = "npu.alloc"() : () -> memref<3x33xf32, strided<[40, 1]>, #npu.scope<ub>>
  %p = npu.alloc : memref<3x33xf32, strided<[40, 1]>, #npu.scope<ub>>

  // Buffers of the cube core are plain matrices; their fractal layout is implied.
  // CHECK: %l = npu.alloc : memref<16x64xf32, #npu.scope<l1>>
  // GENERIC: %l = "npu.alloc"() : () -> memref<16x64xf32, #npu.scope<l1>>
  %l = npu.alloc : memref<16x64xf32, #npu.scope<l1>>
  // CHECK: %c = npu.alloc : memref<16x16xf32, #npu.scope<l0c>>
  // GENERIC: %c = "npu.alloc"() : () -> memref<16x16xf32, #npu.scope<l0c>>
  %c = npu.alloc : memref<16x16xf32, #npu.scope<l0c>>

  // load: global memory to ub or l1, unit dimensions dropped or added.
  %zero = arith.constant 0 : index
  %value = arith.constant 0.0 : f32
  %n = npu.block_idx : index
  %s = memref.subview %x[%n, 0] [8, 64] [1, 1] : memref<16x64xf32, #npu.scope<global>> to memref<8x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>>
  // CHECK: npu.load %s into %a : memref<8x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
  // GENERIC: "npu.load"(%s, %a) : (memref<8x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.load %s into %a : memref<8x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
  // CHECK: npu.load %x into %l : memref<16x64xf32, #npu.scope<global>> into memref<16x64xf32, #npu.scope<l1>>
  // GENERIC: "npu.load"(%x, %l) : (memref<16x64xf32, #npu.scope<global>>, memref<16x64xf32, #npu.scope<l1>>) -> ()
  npu.load %x into %l : memref<16x64xf32, #npu.scope<global>> into memref<16x64xf32, #npu.scope<l1>>
  %row = memref.subview %x[%n, 0] [1, 64] [1, 1] : memref<16x64xf32, #npu.scope<global>> to memref<1x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>>
  // CHECK: %v = npu.alloc : memref<64xf32, #npu.scope<ub>>
  // GENERIC: %v = "npu.alloc"() : () -> memref<64xf32, #npu.scope<ub>>
  %v = npu.alloc : memref<64xf32, #npu.scope<ub>>
  // CHECK: npu.load %row into %v : memref<1x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>> into memref<64xf32, #npu.scope<ub>>
  // GENERIC: "npu.load"(%row, %v) : (memref<1x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>>, memref<64xf32, #npu.scope<ub>>) -> ()
  npu.load %row into %v : memref<1x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>> into memref<64xf32, #npu.scope<ub>>

  // With a pad value the destination may be larger; the rest of it takes the value.
  %e = memref.subview %x[0, 0] [%n, 64] [1, 1] : memref<16x64xf32, #npu.scope<global>> to memref<?x64xf32, strided<[64, 1]>, #npu.scope<global>>
  // CHECK: npu.load %e into %a pad %value : f32 in : memref<?x64xf32, strided<[64, 1]>, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
  // GENERIC: "npu.load"(%e, %a, %value) : (memref<?x64xf32, strided<[64, 1]>, #npu.scope<global>>, memref<8x64xf32, #npu.scope<ub>>, f32) -> ()
  npu.load %e into %a pad %value : f32 in : memref<?x64xf32, strided<[64, 1]>, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>

  // copy: within ub.
  // CHECK: npu.copy %a into %b : memref<8x64xf32, #npu.scope<ub>> into memref<8x64xf32, #npu.scope<ub>>
  // GENERIC: "npu.copy"(%a, %b) : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.copy %a into %b : memref<8x64xf32, #npu.scope<ub>> into memref<8x64xf32, #npu.scope<ub>>

  // store: ub to global memory.
  %d = memref.subview %y[%n, 0] [8, 64] [1, 1] : memref<16x64xf32, #npu.scope<global>> to memref<8x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>>
  // CHECK: npu.store %b into %d : memref<8x64xf32, #npu.scope<ub>> into memref<8x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>>
  // GENERIC: "npu.store"(%b, %d) : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>>) -> ()
  npu.store %b into %d : memref<8x64xf32, #npu.scope<ub>> into memref<8x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>>

  // read: one element into a scalar register.
  // CHECK: %q = npu.read %a[%zero, %n] : memref<8x64xf32, #npu.scope<ub>> -> f32
  // GENERIC: %q = "npu.read"(%a, %zero, %n) : (memref<8x64xf32, #npu.scope<ub>>, index, index) -> f32
  %q = npu.read %a[%zero, %n] : memref<8x64xf32, #npu.scope<ub>> -> f32
  // CHECK: %r = npu.read %x[%n, %zero] : memref<16x64xf32, #npu.scope<global>> -> f32
  // GENERIC: %r = "npu.read"(%x, %n, %zero) : (memref<16x64xf32, #npu.scope<global>>, index, index) -> f32
  %r = npu.read %x[%n, %zero] : memref<16x64xf32, #npu.scope<global>> -> f32
}
