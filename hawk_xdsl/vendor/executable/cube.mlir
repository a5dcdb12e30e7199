// The cube's instructions as loops, for one dtype: ELEMENT, WIDE is what an ELEMENT %v is in f32,
// NARROW what an f32 %v is as ELEMENT. Read by cube.py, which replaces the capitals.

func.func private @nd2nz_ELEMENT(%from: MATRIX, %to: FRACTALS) {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %2 = arith.constant 2 : index
  %3 = arith.constant 3 : index
  %rows = memref.dim %from, %0 : MATRIX
  %columns = memref.dim %from, %1 : MATRIX
  %height = memref.dim %to, %2 : FRACTALS
  %width = memref.dim %to, %3 : FRACTALS
  scf.for %r = %0 to %rows step %1 {
    scf.for %c = %0 to %columns step %1 {
      %v = memref.load %from[%r, %c] : MATRIX
      %i = arith.divui %c, %width : index
      %j = arith.divui %r, %height : index
      %k = arith.remui %r, %height : index
      %l = arith.remui %c, %width : index
      memref.store %v, %to[%i, %j, %k, %l] : FRACTALS
    }
  }
  func.return
}

func.func private @mmad_ELEMENT(%a: FRACTALS, %b: FRACTALS, %new: i1, %m: index, %k: index, %n: index, %c: SUMS, %at: i1, %bt: i1) {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %3 = arith.constant 3 : index
  %16 = arith.constant 16 : index
  %zero = arith.constant 0.0 : f32
  %width = memref.dim %a, %3 : FRACTALS
  scf.for %i = %0 to %m step %1 {
    scf.for %j = %0 to %n step %1 {
      %j1 = arith.divui %j, %16 : index
      %j0 = arith.remui %j, %16 : index
      %i1 = arith.divui %i, %16 : index
      %i0 = arith.remui %i, %16 : index
      %old = memref.load %c[%j1, %i1, %i0, %j0] : SUMS
      %start = arith.select %new, %zero, %old : f32
      %sum = scf.for %l = %0 to %k step %1 iter_args(%s = %start) -> (f32) {
        %ar = arith.select %at, %l, %i : index
        %ac = arith.select %at, %i, %l : index
        %ac1 = arith.divui %ac, %width : index
        %ac0 = arith.remui %ac, %width : index
        %ar1 = arith.divui %ar, %16 : index
        %ar0 = arith.remui %ar, %16 : index
        %x = memref.load %a[%ac1, %ar1, %ar0, %ac0] : FRACTALS
        %br = arith.select %bt, %j, %l : index
        %bc = arith.select %bt, %l, %j : index
        %bc1 = arith.divui %bc, %width : index
        %bc0 = arith.remui %bc, %width : index
        %br1 = arith.divui %br, %16 : index
        %br0 = arith.remui %br, %16 : index
        %y = memref.load %b[%bc1, %br1, %br0, %bc0] : FRACTALS
        %xw = WIDEN %x
        %yw = WIDEN %y
        %p = arith.mulf %xw, %yw : f32
        %t = arith.addf %s, %p : f32
        scf.yield %t : f32
      }
      memref.store %sum, %c[%j1, %i1, %i0, %j0] : SUMS
    }
  }
  func.return
}

func.func private @bias_ELEMENT(%row: ROW, %new: i1, %m: index, %n: index, %c: SUMS) {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %16 = arith.constant 16 : index
  %zero = arith.constant 0.0 : f32
  scf.if %new {
    scf.for %i = %0 to %m step %1 {
      scf.for %j = %0 to %n step %1 {
        %j1 = arith.divui %j, %16 : index
        %j0 = arith.remui %j, %16 : index
        %i1 = arith.divui %i, %16 : index
        %i0 = arith.remui %i, %16 : index
        %sum = memref.load %c[%j1, %i1, %i0, %j0] : SUMS
        %x = memref.load %row[%j] : ROW
        %xw = WIDEN %x
        %t = arith.addf %sum, %xw : f32
        memref.store %t, %c[%j1, %i1, %i0, %j0] : SUMS
      }
    }
  }
  func.return
}

func.func private @fixpipe_ELEMENT(%from: SUMS, %to: MATRIX, %relu: i1) {
  %0 = arith.constant 0 : index
  %1 = arith.constant 1 : index
  %16 = arith.constant 16 : index
  %zero = arith.constant 0.0 : f32
  %rows = memref.dim %to, %0 : MATRIX
  %columns = memref.dim %to, %1 : MATRIX
  scf.for %r = %0 to %rows step %1 {
    scf.for %c = %0 to %columns step %1 {
      %i = arith.divui %c, %16 : index
      %j = arith.divui %r, %16 : index
      %k = arith.remui %r, %16 : index
      %l = arith.remui %c, %16 : index
      %v = memref.load %from[%i, %j, %k, %l] : SUMS
      %positive = arith.maximumf %v, %zero : f32
      %w = arith.select %relu, %positive, %v : f32
      %x = NARROW %w
      memref.store %x, %to[%r, %c] : MATRIX
    }
  }
  func.return
}
