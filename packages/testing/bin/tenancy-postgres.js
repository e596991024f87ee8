#!/usr/bin/env node
import '../dist/tenancy-postgres.js';
